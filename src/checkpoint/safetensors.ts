import { CheckpointError } from '../errors.ts';
import { isJsonObject } from '../json.ts';
import { type ByteSource, refuseImpostors } from './byte-source.ts';
import { describeJson, maxJsonBytes, parseJsonObject } from './json.ts';
import { type DType, elementCount, elementSizes, isCount, type TensorEntry } from './tensor-entry.ts';

// The format: https://huggingface.co/docs/safetensors, section "Format". A file is a little-endian uint64, the length
// of the header; the header, JSON; the data, whose ranges must cover it wholly and without overlap.

const dtypes = new Map<unknown, DType>([
  ['F64', 'float64'],
  ['F32', 'float32'],
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['I64', 'int64'],
  ['I32', 'int32'],
  ['I16', 'int16'],
  ['I8', 'int8'],
  ['U8', 'uint8'],
  ['BOOL', 'bool'],
]);

const lengthBytes = 8;

/** Lists the tensors of a safetensors file in the order of their data. Reads the header alone. */
export async function readSafetensors(source: ByteSource): Promise<TensorEntry[]> {
  await refuseImpostors(source);
  const { path, size } = source;
  if (size < lengthBytes) {
    throw new CheckpointError(`expected a safetensors file but it has only ${size} bytes`, path);
  }
  const headerLength = (await source.read(0, lengthBytes)).readBigUInt64LE(0);
  if (headerLength > BigInt(size - lengthBytes)) {
    throw new CheckpointError(
      `the header is said to have ${headerLength} bytes but the file has only ${size}. It is cut off or no safetensors file`,
      path,
    );
  }
  if (headerLength > BigInt(maxJsonBytes)) {
    throw new CheckpointError(
      `expected a header of at most ${maxJsonBytes} bytes but it has ${headerLength}`,
      path,
    );
  }
  const dataStart = lengthBytes + Number(headerLength);
  const header = parseJsonObject(await source.read(lengthBytes, Number(headerLength)), 'the header', path);
  const entries: TensorEntry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') checkMetadata(value, path);
    else entries.push(parseEntry(name, value, dataStart, path));
  }
  entries.sort((a, b) => a.offset - b.offset || a.length - b.length);
  checkCoverage(entries, dataStart, source);
  return entries;
}

function checkMetadata(metadata: unknown, path: string): void {
  if (!isJsonObject(metadata) || Object.values(metadata).some(value => typeof value !== 'string')) {
    throw new CheckpointError('expected only strings in the __metadata__ of the header', path);
  }
}

function parseEntry(name: string, value: unknown, dataStart: number, path: string): TensorEntry {
  const refuse = (message: string) => new CheckpointError(`tensor ${describeJson(name)}: ${message}`, path);
  if (!isJsonObject(value)) throw refuse(`expected an object in the header but found ${describeJson(value)}`);
  const dtype = dtypes.get(value.dtype);
  if (dtype === undefined) {
    throw refuse(
      `expected a dtype of ${[...dtypes.keys()].join(', ')} but found ${describeJson(value.dtype)}`,
    );
  }
  const { shape, data_offsets: offsets } = value;
  if (!Array.isArray(shape) || !shape.every(isCount)) throw refuse('expected a shape of sizes from 0');
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw refuse('expected data_offsets of two byte positions from 0');
  }
  const [begin = 0, end = 0] = offsets;
  const count = elementCount(shape);
  if (count === undefined) throw refuse(`the shape [${shape.slice(0, 8)}] has too many elements`);
  if (end - begin !== count * elementSizes[dtype]) {
    throw refuse(
      `shape [${shape.slice(0, 8)}] of ${dtype} takes ${count * elementSizes[dtype]} bytes but data_offsets are [${begin}, ${end}]`,
    );
  }
  return { name, dtype, shape, file: path, offset: dataStart + begin, length: end - begin };
}

function checkCoverage(sorted: readonly TensorEntry[], dataStart: number, { path, size }: ByteSource): void {
  let position = dataStart;
  for (const { name, offset, length } of sorted) {
    if (offset !== position) {
      throw new CheckpointError(
        `tensor ${describeJson(name)} ${offset < position ? 'overlaps the one before it' : 'leaves a hole before it'}: its data begin at byte ${offset}, expected ${position}`,
        path,
      );
    }
    position += length;
  }
  if (position !== size) {
    throw new CheckpointError(
      position > size
        ? `the data are cut off: the header describes ${position} bytes but the file has ${size}. Fetch it again`
        : `${size - position} bytes follow the last tensor`,
      path,
    );
  }
}
