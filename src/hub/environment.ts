import { homedir } from 'node:os';
import { join } from 'node:path';

/* What the environment says, read as Python's huggingface_hub reads it. */

/** The folder of the cache. */
export function defaultCache(env: NodeJS.ProcessEnv): string {
  return expandPath(env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(hubHome(env), 'hub'), env);
}

/** The folder of the token, and by default of the cache. */
export function hubHome(env: NodeJS.ProcessEnv): string {
  const home = env.HF_HOME || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface');
  return expandPath(home, env);
}

/** `~` and variables in a path that no shell has seen, as Python's expanduser and expandvars replace them. */
export function expandPath(path: string, env: NodeJS.ProcessEnv): string {
  return path
    .replace(/^~(?=\/|$)/, homedir())
    .replace(/\$(?:(\w+)|\{(\w+)\})/g, (whole, bare, braced) => env[bare ?? braced] ?? whole);
}

export function isTrue(value: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(value ?? '');
}
