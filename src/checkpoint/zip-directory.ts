import { CheckpointError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';
import { describeJson } from './json.ts';

// The format: PKWARE's APPNOTE.TXT, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 to 4.3.16 (end
// records), 4.5.3 (zip64). Only what torch.save writes is accepted, uncompressed entries in one folder, so that an
// entry is a byte range of the file; and whatever two readers could understand differently is refused.

/** The bytes of an entry of an archive. */
export interface ZipEntry {
  /** From the start of the file. */
  offset: number;
  length: number;
}

interface DirectoryEntry {
  name: string;
  headerOffset: number;
  length: number;
}

const endLength = 22;
const end64Length = 56;
const locatorLength = 20;
const maxDirectoryBytes = 2 ** 20;

/** Whether a file begins like an archive. */
export function isZip(head: Buffer): boolean {
  return head.length >= 4 && head.readUInt32LE(0) === 0x04034b50;
}

/** Reads where the entries of an archive lie, by name. @throws CheckpointError */
export async function readZipDirectory(source: ByteSource): Promise<Map<string, ZipEntry>> {
  const directory = await locateDirectory(source);
  if (directory.length > maxDirectoryBytes) {
    throw refusal(source, `its directory has ${directory.length} bytes, more than ${maxDirectoryBytes}`);
  }
  const listed = parseDirectory(await source.read(directory.offset, directory.length), source);
  listed.sort((a, b) => a.headerOffset - b.headerOffset);
  const entries = new Map<string, ZipEntry>();
  let position = 0;
  for (const { name, headerOffset, length } of listed) {
    const offset = await dataOffset(name, headerOffset, source);
    if (headerOffset < position || offset + length > directory.offset) {
      throw refusal(source, `its entry ${describeJson(name)} overlaps another part of the file`);
    }
    if (entries.has(name)) throw refusal(source, `it has two entries ${describeJson(name)}`);
    position = offset + length;
    entries.set(name, { offset, length });
  }
  return entries;
}

function refusal(source: ByteSource, reason: string): CheckpointError {
  return new CheckpointError(`the zip archive cannot be read: ${reason}`, source.path);
}

async function locateDirectory(source: ByteSource): Promise<ZipEntry> {
  const endOffset = source.size - endLength;
  const end = await source.read(Math.max(endOffset, 0), Math.min(endLength, source.size));
  if (end.length < endLength || end.readUInt32LE(0) !== 0x06054b50) {
    throw refusal(source, 'it does not end with a directory. It is probably cut off: fetch it again');
  }
  const located =
    (await locateDirectory64(source, endOffset)) ??
    ({ length: end.readUInt32LE(12), offset: end.readUInt32LE(16), follower: endOffset } as const);
  if (located.offset + located.length !== located.follower) {
    throw refusal(
      source,
      `its directory is said to lie at byte ${located.offset} with ${located.length} bytes`,
    );
  }
  return located;
}

/** The directory by the zip64 end record, which torch always writes; `follower` is where that record lies. */
async function locateDirectory64(
  source: ByteSource,
  endOffset: number,
): Promise<(ZipEntry & { follower: number }) | undefined> {
  const recordOffset = endOffset - locatorLength - end64Length;
  if (recordOffset < 0) return undefined;
  const bytes = await source.read(recordOffset, end64Length + locatorLength);
  if (bytes.readUInt32LE(end64Length) !== 0x07064b50) return undefined;
  if (bytes.readUInt32LE(0) !== 0x06064b50 || readSize(bytes, end64Length + 8) !== recordOffset) {
    throw refusal(source, 'its two end records contradict each other');
  }
  return { length: readSize(bytes, 40), offset: readSize(bytes, 48), follower: recordOffset };
}

/** An uint64; too large for any file where it is not exact. */
function readSize(bytes: Buffer, position: number): number {
  return Number(bytes.readBigUInt64LE(position));
}

function parseDirectory(bytes: Buffer, source: ByteSource): DirectoryEntry[] {
  const entries: DirectoryEntry[] = [];
  let position = 0;
  while (position < bytes.length) {
    if (position + 46 > bytes.length || bytes.readUInt32LE(position) !== 0x02014b50) {
      throw refusal(source, 'its directory is damaged');
    }
    const flags = bytes.readUInt16LE(position + 8);
    const method = bytes.readUInt16LE(position + 10);
    const nameEnd = position + 46 + bytes.readUInt16LE(position + 28);
    const extraEnd = nameEnd + bytes.readUInt16LE(position + 30);
    const next = extraEnd + bytes.readUInt16LE(position + 32);
    if (next > bytes.length) throw refusal(source, 'its directory is damaged');
    const name = bytes.toString('utf8', position + 46, nameEnd);
    if ((flags & 1) !== 0) throw refusal(source, `its entry ${describeJson(name)} is encrypted`);
    if (method !== 0) {
      throw refusal(source, `its entry ${describeJson(name)} is compressed, which torch.save never does`);
    }
    const [length, compressedLength, headerOffset] = readZip64(
      [24, 20, 42].map(field => bytes.readUInt32LE(position + field)),
      bytes.subarray(nameEnd, extraEnd),
    );
    if (length === undefined || headerOffset === undefined || length !== compressedLength) {
      throw refusal(source, `the sizes of its entry ${describeJson(name)} contradict each other`);
    }
    entries.push({ name, headerOffset, length });
    position = next;
  }
  return entries;
}

/** Replaces the fields that are all ones by those of the zip64 extra field, which has just these, in the same order. */
function readZip64(fields: number[], extra: Buffer): (number | undefined)[] {
  const long = findExtra(extra, 0x0001);
  let position = 0;
  return fields.map(field => {
    if (field !== 0xffffffff) return field;
    position += 8;
    return position <= long.length ? readSize(long, position - 8) : undefined;
  });
}

function findExtra(extra: Buffer, wanted: number): Buffer {
  let position = 0;
  while (position + 4 <= extra.length) {
    const end = position + 4 + extra.readUInt16LE(position + 2);
    if (extra.readUInt16LE(position) === wanted) return extra.subarray(position + 4, end);
    position = end;
  }
  return Buffer.alloc(0);
}

/** Where the data of an entry begin: behind its local header, which must name the same entry. */
async function dataOffset(name: string, headerOffset: number, source: ByteSource): Promise<number> {
  const nameLength = Buffer.byteLength(name);
  const header = await source.read(headerOffset, 30 + nameLength);
  const sameName =
    header.readUInt32LE(0) === 0x04034b50 &&
    header.readUInt16LE(26) === nameLength &&
    header.toString('utf8', 30) === name;
  if (!sameName || header.readUInt16LE(8) !== 0 || (header.readUInt16LE(6) & 1) !== 0) {
    throw refusal(source, `the header of its entry ${describeJson(name)} contradicts its directory`);
  }
  return headerOffset + 30 + nameLength + header.readUInt16LE(28);
}
