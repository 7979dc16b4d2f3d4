import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { DataError } from '../errors.ts';

const LINE_FEED = 0x0a;
const LONGEST_LINE = 2 ** 20;

/**
 * Lines of a UTF-8 file, without line ends (LF or CRLF) and byte order mark, in blocks as they come from the disk, so
 * that a file of any size fits and the event loop runs between blocks.
 *
 * Throws a DataError for a file that is missing, unreadable or no UTF-8 text.
 */
export async function* textLines(path: string): AsyncGenerator<string[]> {
  let linesBefore = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks(path)) {
    if (linesBefore === 0 && rest.length === 0) checkStart(chunk, path);
    const end = chunk.lastIndexOf(LINE_FEED) + 1;
    if (end > 0) {
      const lines = decode(Buffer.concat([rest, chunk.subarray(0, end)]), linesBefore, path).split(/\r?\n/);
      lines.pop(); // what follows the last line end
      yield linesBefore === 0 ? withoutByteOrderMark(lines) : lines;
      linesBefore += lines.length;
      rest = chunk.subarray(end);
    } else {
      rest = Buffer.concat([rest, chunk]);
    }
    if (rest.length > LONGEST_LINE) {
      throw new DataError('Expected lines of text, but one is longer than 1 MiB', path, linesBefore + 1);
    }
  }
  if (rest.length > 0) {
    const line = decode(rest, linesBefore, path).replace(/\r$/, '');
    yield linesBefore === 0 ? withoutByteOrderMark([line]) : [line];
  }
}

async function* chunks(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path) as AsyncIterable<Buffer>;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const reasons: Record<string, string> = {
      ENOENT: `there is none at ${resolve(path)}. Check the path`,
      EISDIR: 'it is a folder. Name the file in it',
      EACCES: 'reading it is not permitted. Check its permissions',
    };
    const reason = reasons[code] ?? (error as Error).message;
    throw new DataError(`Expected a text file, but ${reason}`, path, undefined, { cause: error });
  }
}

/** Names the two kinds of file that are met in place of UTF-8 text. */
function checkStart(chunk: Buffer, path: string): void {
  const start = chunk.toString('latin1', 0, 2);
  if (start === '\xff\xfe' || start === '\xfe\xff') {
    throw new DataError('Expected UTF-8 text, but the file is UTF-16. Save it as UTF-8', path);
  }
  if (start === '\x1f\x8b') {
    throw new DataError('Expected UTF-8 text, but the file is compressed with gzip. Unpack it', path);
  }
}

function decode(bytes: Buffer, linesBefore: number, path: string): string {
  if (isUtf8(bytes) && !bytes.includes(0)) return bytes.toString('utf8');
  let start = 0;
  for (let line = linesBefore + 1; ; line++) {
    const end = bytes.indexOf(LINE_FEED, start);
    const text = bytes.subarray(start, end === -1 ? bytes.length : end);
    if (text.includes(0)) {
      throw new DataError('Expected text, but the line has a NUL byte. Is it a binary file?', path, line);
    }
    if (!isUtf8(text)) {
      throw new DataError(
        'Expected UTF-8 text, but the line has other bytes. Save the file as UTF-8',
        path,
        line,
      );
    }
    start = end + 1;
  }
}

function withoutByteOrderMark([first = '', ...others]: string[]): string[] {
  return [first.replace(/^\uFEFF/, ''), ...others];
}
