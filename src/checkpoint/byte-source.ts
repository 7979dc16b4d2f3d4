import { constants, type FileHandle, open } from 'node:fs/promises';
import { CheckpointError } from '../errors.ts';

/** Bytes that can be read anywhere, with a size known beforehand that bounds every read. */
export interface ByteSource {
  readonly path: string;
  readonly size: number;
  read(offset: number, length: number): Promise<Buffer>;
}

const openFailures = new Map([
  ['ENOENT', 'there is no such file'],
  ['EACCES', 'the file may not be read: permission denied'],
  ['ENOTDIR', 'a part of the path is not a folder'],
  ['ELOOP', 'the symbolic links go round in a circle'],
]);

/** Opens a regular file for the time that `use` takes. */
export async function withByteSource<T>(path: string, use: (source: ByteSource) => Promise<T>): Promise<T> {
  const handle = await openForReading(path);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new CheckpointError('expected a regular file', path);
    return await use({
      path,
      size: stats.size,
      read: (offset, length) => readExactly(handle, path, stats.size, offset, length),
    });
  } finally {
    await handle.close();
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  try {
    // O_NONBLOCK: opening a named pipe would otherwise wait for a writer.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new CheckpointError(openFailures.get(code ?? '') ?? message, path, {}, { cause: error });
  }
}

async function readExactly(
  handle: FileHandle,
  path: string,
  size: number,
  offset: number,
  length: number,
): Promise<Buffer> {
  if (offset + length > size) {
    throw new CheckpointError(
      `the file ends at byte ${size}, but ${length} bytes are expected at byte ${offset}. It is probably cut off: fetch it again`,
      path,
    );
  }
  const buffer = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(buffer, done, length - done, offset + done);
    if (bytesRead === 0) throw new CheckpointError('the file became shorter while it was read', path);
    done += bytesRead;
  }
  return buffer;
}

/**
 * Refuses what is often found in the place of a file of a checkpoint: nothing, a Git LFS pointer, an error page.
 */
export async function refuseImpostors(source: ByteSource): Promise<void> {
  if (source.size === 0) throw new CheckpointError('the file is empty. Fetch it again', source.path);
  const head = (await source.read(0, Math.min(source.size, 256))).toString('latin1').trimStart();
  if (head.startsWith('version https://git-lfs')) {
    throw new CheckpointError(
      'this is a Git LFS pointer, not the file itself. Run `git lfs pull` in its folder',
      source.path,
    );
  }
  if (/^<(!doctype|html|\?xml|head|body)/i.test(head)) {
    throw new CheckpointError(
      'this is an HTML or XML page, probably an error page of the server that the file was fetched from. Fetch it again',
      source.path,
    );
  }
}
