import { checkBoolean, checkString } from '../check.ts';
import { OptionError } from '../errors.ts';
import { defaultCache, hubHome, isTrue } from './environment.ts';
import { checkRevision } from './names.ts';
import { readToken } from './token.ts';

/** Where a checkpoint that is named, not given as a folder, is taken from. */
export interface HubOptions {
  /** Branch, tag or commit. @default 'main' */
  revision?: string | undefined;
  /** Folder of the cache, in the layout that Python's huggingface_hub uses. @default as Python: HF_HUB_CACHE, else $HF_HOME/hub */
  cacheDir?: string | undefined;
  /** Access token, for private and gated models. @default HF_TOKEN, else what `hf auth login` stored */
  token?: string | undefined;
  /** Take what the cache holds and connect to nothing. @default false; true with HF_HUB_OFFLINE=1 */
  localFilesOnly?: boolean | undefined;
}

/** The names of these options. */
export const hubOptionNames = ['revision', 'cacheDir', 'token', 'localFilesOnly'] as const;

/** These options alone, of options that have more. */
export function hubOptions({ revision, cacheDir, token, localFilesOnly }: HubOptions): HubOptions {
  return { revision, cacheDir, token, localFilesOnly };
}

/** How the hub is reached: options and environment put together. */
export interface HubSettings {
  /** Address of the hub without a slash at its end. */
  endpoint: string;
  cacheDir: string;
  revision: string;
  token: string | undefined;
  /** What forbids to connect, for the message; undefined: nothing does. */
  offline: string | undefined;
  /** A server that sends nothing for this long, in milliseconds, is given up. */
  stallMs: number;
  /** How often a request is tried without any progress between, the first time included. */
  attempts: number;
  /** First wait before a request is repeated, in milliseconds; doubled each time. */
  backoffMs: number;
  signal?: AbortSignal | undefined;
  /** How downloads show on standard error. */
  progress: 'bar' | 'line' | 'none';
  /** Tells the user what happens otherwise than expected. */
  say(text: string): void;
}

const DEFAULT_TIMEOUT_S = 30;

/** @throws OptionError */
export async function hubSettings(
  options: HubOptions = {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<HubSettings> {
  const { revision = 'main', cacheDir, token, localFilesOnly = false } = options;
  checkBoolean('localFilesOnly', localFilesOnly);
  return {
    endpoint: checkEndpoint(env.HF_ENDPOINT || 'https://huggingface.co'),
    cacheDir: cacheDir === undefined ? defaultCache(env) : checkString('cacheDir', cacheDir),
    revision: checkRevision('revision', revision),
    token: await readToken(token, hubHome(env), env),
    offline: localFilesOnly ? 'localFilesOnly' : offlineVariable(env),
    stallMs: 1000 * timeout(env),
    attempts: 5,
    backoffMs: 1000,
    progress: progressForm(env),
    say: text => process.emitWarning(text, 'NerbertWarning'),
  };
}

function offlineVariable(env: NodeJS.ProcessEnv): string | undefined {
  const name = env.HF_HUB_OFFLINE ? 'HF_HUB_OFFLINE' : 'TRANSFORMERS_OFFLINE';
  return isTrue(env[name]) ? name : undefined;
}

function progressForm(env: NodeJS.ProcessEnv): HubSettings['progress'] {
  if (isTrue(env.HF_HUB_DISABLE_PROGRESS_BARS)) return 'none';
  return process.stderr.isTTY ? 'bar' : 'line';
}

function checkEndpoint(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username) {
    return address.replace(/\/+$/, '');
  }
  throw new OptionError('HF_ENDPOINT', 'an address such as https://huggingface.co', address);
}

function timeout(env: NodeJS.ProcessEnv): number {
  const given = env.HF_HUB_DOWNLOAD_TIMEOUT;
  if (!given) return DEFAULT_TIMEOUT_S;
  const seconds = Number(given);
  if (seconds > 0 && seconds <= 86_400) return seconds;
  throw new OptionError('HF_HUB_DOWNLOAD_TIMEOUT', 'a number of seconds above 0', given);
}
