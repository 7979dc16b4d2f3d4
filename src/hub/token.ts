import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OptionError } from '../errors.ts';
import { expandPath, isTrue } from './environment.ts';

/**
 * The access token: the given one, that of the environment, or the one that `hf auth login` stored.
 *
 * @throws OptionError for text that cannot be a token
 */
export async function readToken(
  given: unknown,
  hubHome: string,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  if (given !== undefined) return checkToken('token', given);
  if (isTrue(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)) return undefined;
  for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN']) {
    if (env[name]?.trim()) return checkToken(name, env[name]);
  }
  const file = expandPath(env.HF_TOKEN_PATH || join(hubHome, 'token'), env);
  const stored = await readFile(file, 'utf8').catch(error => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '';
    throw new OptionError('the token of the Hugging Face hub', `a readable file ${file}`, error.message);
  });
  return stored.trim() === '' ? undefined : checkToken(file, stored);
}

/** Never shows the token itself: messages end up in logs. */
function checkToken(option: string, value: unknown): string {
  const token = typeof value === 'string' ? value.trim() : '';
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new OptionError(
    option,
    'an access token, one word such as hf_…,',
    typeof value === 'string' ? `text of ${value.length} characters` : value,
  );
}
