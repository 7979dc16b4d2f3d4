import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { freeBytes } from '../../files.ts';
import { formatBytes } from '../../hub/format-bytes.ts';
import { type Finding, ok, warning } from './fact.ts';

/** SciBERT takes 440 MB, and is written beside what is there. */
const SCARCE_SPACE = 1e9;

/**
 * Whether a folder can be read and written; one that is missing would be made. Nothing is written.
 *
 * @param variable moves the folder elsewhere
 */
export async function cache(folder: string, variable: string): Promise<Finding> {
  const remedies = [`set ${variable} to a folder that you may read and write`];
  const values = { folder };
  try {
    const existing = await nearestExisting(folder);
    const missing = existing === folder ? '' : ', not there yet';
    await access(existing, constants.R_OK | constants.W_OK | constants.X_OK);
    const free = await freeBytes(existing);
    const text = `${folder}, ${formatBytes(free)} free${missing}`;
    const facts = { ...values, exists: existing === folder, writable: true, freeBytes: free };
    if (free >= SCARCE_SPACE) return ok(text, facts);
    return warning(
      `${text}: less than a model may take`,
      ['make room', `set ${variable} to a larger disk`],
      facts,
    );
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return warning(`${folder} cannot be read and written (${code})`, remedies, {
      ...values,
      writable: false,
    });
  }
}

/** The folder itself, or the one that it would be made in. @throws where a part of the path is no folder */
async function nearestExisting(path: string): Promise<string> {
  try {
    if ((await stat(path)).isDirectory()) return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || path === dirname(path)) throw error;
    return nearestExisting(dirname(path));
  }
  throw Object.assign(new Error(`${path} is no folder`), { code: 'ENOTDIR' });
}
