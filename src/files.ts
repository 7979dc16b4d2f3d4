import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, mkdir, open, rename, rm, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { NerbertError } from './errors.ts';

/** What a file is to hold, or a function that writes it to the path it is given, where an empty file lies already. */
export type FileContent = string | Uint8Array | ((temporaryPath: string) => Promise<void>);

const writeFailures = new Map([
  ['ENOSPC', 'there is no space left on the disk. Make room or choose another folder'],
  ['EDQUOT', 'the disk quota is used up. Make room or choose another folder'],
  ['EROFS', 'the file system is read-only. Choose another folder'],
  ['EACCES', 'permission denied. Choose a folder that you may write to'],
  ['EPERM', 'the operation is not permitted. Choose a folder that you may write to'],
  ['ENOENT', 'the folder does not exist. Create it first'],
  ['ENOTDIR', 'a part of the path is a file, not a folder'],
  ['EISDIR', 'there is a folder of that name'],
  ['EEXIST', 'there is a file of that name'],
  ['EMFILE', 'too many files are open'],
  ['ENAMETOOLONG', 'the name is too long'],
  ['EFBIG', 'the file becomes larger than this process may write. Raise its limit (ulimit -f)'],
  ['EIO', 'the disk reports an error'],
]);

/**
 * Writes a file so that at any time, even after a power cut, its path holds the former content or the new, whole one:
 * beside it, synchronised, then renamed. After a failure the former file is as it was and nothing is left beside it.
 *
 * @throws NerbertError `ERR_IO` if the file system refuses; whatever a writing function throws
 */
export async function writeFileAtomically(path: string, content: FileContent): Promise<void> {
  const temporary = join(dirname(path), temporaryName(basename(path)));
  try {
    await writeSynchronised(temporary, content);
    await rename(temporary, path);
    await synchroniseFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw asWriteError(path, error);
  }
}

/**
 * Writes a folder so that its path holds the whole of it or nothing; there must be none of that name yet.
 *
 * @param fill writes the files to the path it is given, each by `writeFileAtomically`
 * @throws NerbertError `ERR_IO` if the file system refuses; whatever `fill` throws
 */
export async function writeFolderAtomically(
  path: string,
  fill: (temporaryPath: string) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(path), temporaryName(basename(path)));
  try {
    await mkdir(temporary);
    await fill(temporary);
    await rename(temporary, path);
    await synchroniseFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    throw asWriteError(path, error);
  }
}

/** A new name for what is to become, or was, a file or folder of this name. */
export function temporaryName(name: string): string {
  return `.${name.slice(0, 100)}.${randomUUID()}.tmp`;
}

/** Whether a name is one of `temporaryName`: of what a killed process left unfinished. */
export function isTemporary(name: string): boolean {
  return /^\..+\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/.test(name);
}

/** Bytes that may still be written to a folder's file system. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/**
 * Makes a folder, with those above it, where it is missing.
 *
 * @throws NerbertError `ERR_IO` if it cannot be made or written to
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.W_OK);
  } catch (error) {
    throw asWriteError(`to the folder ${path}`, error);
  }
}

/** A file that grows. What was appended survives the end of the process, though not at once a power cut. */
export class GrowingFile {
  readonly #path: string;
  readonly #handle: FileHandle;

  private constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  /** Opens a file to append to, made where it is missing. @throws NerbertError `ERR_IO` */
  static async open(path: string): Promise<GrowingFile> {
    try {
      return new GrowingFile(path, await open(path, 'a'));
    } catch (error) {
      throw asWriteError(path, error);
    }
  }

  /** @throws NerbertError `ERR_IO` */
  async append(content: string | Uint8Array): Promise<void> {
    try {
      await this.#handle.appendFile(content);
    } catch (error) {
      throw asWriteError(this.#path, error);
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function writeSynchronised(path: string, content: FileContent): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    if (typeof content === 'function') await content(path);
    else await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a renaming durable. */
export async function synchroniseFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot synchronise a folder; the file itself is written all the same.
    if (!isSystemError(error) || error.code !== 'EINVAL') throw error;
  } finally {
    await handle.close();
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

/** A refusal of the file system as a NerbertError `ERR_IO` that says why and what to do; anything else as it is. */
export function asWriteError(target: string, error: unknown): unknown {
  if (!isSystemError(error)) return error;
  const reason = writeFailures.get(error.code ?? '') ?? error.message;
  return new NerbertError('ERR_IO', `Could not write ${target}: ${reason}`, { cause: error });
}
