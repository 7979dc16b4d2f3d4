import { NerbertError } from '../errors.ts';
import { freeBytes } from '../files.ts';
import { formatBytes } from './format-bytes.ts';

const remedy = 'Make room, or choose a cache elsewhere with cacheDir (--cache-dir) or HF_HUB_CACHE';

/** Refuses a download that would fill the disk, before it begins. @throws NerbertError `ERR_IO` */
export async function checkSpace(folder: string, needed: number): Promise<void> {
  const free = await freeBytes(folder);
  if (needed <= free) return;
  throw new NerbertError(
    'ERR_IO',
    `Expected ${formatBytes(needed)} of free space in ${folder} but there are ${formatBytes(free)}. ${remedy}`,
  );
}

/** What to tell when the disk filled up all the same; undefined for any other error. */
export function asSpaceError(error: unknown, folder: string, needed: number): NerbertError | undefined {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return undefined;
  const full = code === 'ENOSPC' ? 'the disk is full' : 'the disk quota is used up';
  return new NerbertError(
    'ERR_IO',
    `Could not write to ${folder}: ${full}, and ${formatBytes(needed)} more are needed. ${remedy}`,
    { cause: error },
  );
}
