// @ts-check
import {
  closeSync,
  createReadStream,
  createWriteStream,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib';
import { InstallError } from '../failure.mjs';

/**
 * Reads wheels and libtorch's archive: zip files of less than 4 GB, by their central directory. Written here because CMake's
 * `tar` passes over wrong checksums and Python may be absent.
 * Format: PKWARE's APPNOTE.TXT, sections 4.3.7 (local header), 4.3.12 (directory) and 4.3.16 (its end).
 */

/**
 * @typedef {object} Entry
 * @property {string} name
 * @property {number} method 0: stored, 8: deflated
 * @property {number} crc of the content
 * @property {number} packed bytes in the zip
 * @property {number} size bytes of the content
 * @property {number} header offset of its local header
 */

const DIRECTORY_END = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;

/** What is larger is streamed instead of read at once, bytes. */
const LARGE = 1 << 24;

/**
 * @param {string} file
 * @returns {Entry[]}
 */
export function listZip(file) {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const tail = readBytes(descriptor, Math.max(0, size - 0xffff - 22), size);
    const end = findEnd(tail);
    if (end < 0) throw damaged(file, 'it has no directory');
    const directory = tail.readUInt32LE(end + 16);
    const length = tail.readUInt32LE(end + 12);
    if (directory + length > size) throw damaged(file, 'its directory lies outside of it');
    return readDirectory(file, readBytes(descriptor, directory, directory + length));
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Unpacks entries of a zip, checking sizes and checksums.
 * @param {string} file
 * @param {Entry[]} entries
 * @param {string} folder
 * @param {(name: string) => string | undefined} destinationOf an entry's path below the folder; undefined: it stays out
 */
export async function unpackZip(file, entries, folder, destinationOf) {
  const descriptor = openSync(file, 'r');
  try {
    for (const entry of entries) {
      const path = destinationOf(entry.name);
      if (path === undefined) continue;
      if (path.split('/').includes('..')) throw damaged(file, `${entry.name} points out of it`);
      const target = join(folder, path);
      mkdirSync(dirname(target), { recursive: true });
      const local = readBytes(descriptor, entry.header, entry.header + 30);
      const start = entry.header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
      const unpacked =
        entry.size > LARGE
          ? unpackLarge(file, entry, start, target)
          : unpackSmall(descriptor, entry, start, target);
      const { size, crc } = await unpacked.catch(error => {
        if (error.code?.startsWith('Z_')) throw damaged(file, `${entry.name} cannot be inflated`);
        throw error;
      });
      if (size !== entry.size || crc !== entry.crc)
        throw damaged(file, `the checksum of ${entry.name} is wrong`);
    }
  } finally {
    closeSync(descriptor);
  }
}

/**
 * @param {number} descriptor
 * @param {Entry} entry
 * @param {number} start offset of its bytes
 * @param {string} target
 */
async function unpackSmall(descriptor, entry, start, target) {
  const packed = readBytes(descriptor, start, start + entry.packed);
  const content = entry.method === 0 ? packed : inflateRawSync(packed);
  writeFileSync(target, content);
  return { size: content.length, crc: crc32(content) };
}

/**
 * @param {string} file
 * @param {Entry} entry
 * @param {number} start offset of its bytes
 * @param {string} target
 */
async function unpackLarge(file, entry, start, target) {
  let size = 0;
  let crc = 0;
  /** @param {AsyncIterable<Buffer>} chunks */
  const check = async function* (chunks) {
    for await (const chunk of chunks) {
      size += chunk.length;
      crc = crc32(chunk, crc);
      yield chunk;
    }
  };
  await pipeline(
    createReadStream(file, { start, end: start + entry.packed - 1 }),
    entry.method === 0 ? new PassThrough() : createInflateRaw({ chunkSize: 1 << 18 }),
    check,
    createWriteStream(target),
  );
  return { size, crc };
}

/**
 * Where the directory's end record begins: a comment of any content may follow it.
 * @param {Buffer} tail
 */
function findEnd(tail) {
  for (let i = tail.length - 22; i >= 0; i--) {
    if (tail.readUInt32LE(i) === DIRECTORY_END && i + 22 + tail.readUInt16LE(i + 20) === tail.length)
      return i;
  }
  return -1;
}

/**
 * @param {string} file
 * @param {Buffer} directory
 */
function readDirectory(file, directory) {
  /** @type {Entry[]} */
  const entries = [];
  for (let i = 0; i + 46 <= directory.length; ) {
    if (directory.readUInt32LE(i) !== DIRECTORY_ENTRY) throw damaged(file, 'its directory cannot be read');
    const nameEnd = i + 46 + directory.readUInt16LE(i + 28);
    const entry = {
      name: directory.toString('utf8', i + 46, nameEnd),
      method: directory.readUInt16LE(i + 10),
      crc: directory.readUInt32LE(i + 16),
      packed: directory.readUInt32LE(i + 20),
      size: directory.readUInt32LE(i + 24),
      header: directory.readUInt32LE(i + 42),
    };
    if (![0, 8].includes(entry.method))
      throw damaged(file, `${entry.name} is packed with method ${entry.method}`);
    if ([entry.packed, entry.size, entry.header].includes(0xffffffff))
      throw damaged(file, `${entry.name} is of the format for more than 4 GB`);
    entries.push(entry);
    i = nameEnd + directory.readUInt16LE(i + 30) + directory.readUInt16LE(i + 32);
  }
  return entries;
}

/**
 * @param {number} descriptor
 * @param {number} start
 * @param {number} end
 */
function readBytes(descriptor, start, end) {
  const bytes = Buffer.alloc(end - start);
  const read = readSync(descriptor, bytes, 0, bytes.length, start);
  return bytes.subarray(0, read);
}

/**
 * @param {string} file
 * @param {string} what
 */
const damaged = (file, what) => new InstallError(`${file} could not be unpacked: ${what}`, []);
