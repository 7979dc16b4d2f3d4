import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** What nerbert keeps for all projects of a user: `NERBERT_CACHE`, else `nerbert` in the user's cache folder. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.NERBERT_CACHE) return resolve(env.NERBERT_CACHE);
  const { XDG_CACHE_HOME: base } = env;
  return join(base && isAbsolute(base) ? base : join(homedir(), '.cache'), 'nerbert');
}
