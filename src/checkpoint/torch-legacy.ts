import { CheckpointError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';
import { describeJson } from './json.ts';
import { unpickle } from './pickle.ts';
import { elementSizes, type TensorEntry } from './tensor-entry.ts';
import { listTensors, maxPickleBytes, plainHost, stateDictHost, type TorchStorage } from './torch-state.ts';

// Magic number, version and layout: _legacy_save of torch/serialization.py. Five pickles follow each other: magic
// number, version, system information, state dict, keys of the storages. Then, in the order of the keys, the
// storages: an int64, the number of elements, and the elements.

const magicNumber = 0x1950a86a20f9469cfc6cn;
const formatVersion = 1001;
const countBytes = 8;

/** Lists the tensors of a file that torch.save before PyTorch 1.6 wrote. */
export async function readTorchLegacy(source: ByteSource): Promise<TensorEntry[]> {
  const { path } = source;
  const head = await source.read(0, Math.min(source.size, maxPickleBytes));
  const magic = unpickle(head, 0, plainHost);
  if (magic.value !== magicNumber) {
    throw new CheckpointError('this is no file of torch.save: its magic number is another one', path);
  }
  const version = unpickle(head, magic.end, plainHost);
  if (version.value !== formatVersion) {
    throw new CheckpointError(
      `expected version ${formatVersion} of torch.save's format but found ${describeJson(version.value)}`,
      path,
    );
  }
  const system = unpickle(head, version.end, plainHost);
  if (!(system.value instanceof Map) || system.value.get('little_endian') !== true) {
    throw new CheckpointError('expected little-endian numbers', path);
  }
  const storages = new Map<string, TorchStorage>();
  const stateDict = unpickle(head, system.end, stateDictHost(storages));
  const keys = unpickle(head, stateDict.end, plainHost);
  const offsets = await locateStorages(keys.value, keys.end, storages, source);
  return listTensors(stateDict.value, path, storage => {
    const offset = offsets.get(storage.key);
    if (offset !== undefined) return offset;
    throw new CheckpointError(`the storage ${describeJson(storage.key)} is not in the file`, path);
  });
}

/** The byte at which the elements of each storage begin. */
async function locateStorages(
  keys: unknown,
  start: number,
  storages: ReadonlyMap<string, TorchStorage>,
  source: ByteSource,
): Promise<Map<string, number>> {
  if (!Array.isArray(keys))
    throw new CheckpointError('expected a list of the keys of its storages', source.path);
  const offsets = new Map<string, number>();
  let position = start;
  for (const key of keys) {
    const storage = storages.get(key);
    if (!storage || offsets.has(key)) {
      throw new CheckpointError(
        `the storage ${describeJson(key)} is ${storage ? 'listed twice' : 'used by no tensor'}`,
        source.path,
      );
    }
    const count = (await source.read(position, countBytes)).readBigInt64LE(0);
    if (count !== BigInt(storage.count)) {
      throw new CheckpointError(
        `expected ${storage.count} elements in the storage ${describeJson(key)} but found ${count}`,
        source.path,
      );
    }
    offsets.set(key, position + countBytes);
    position += countBytes + storage.count * elementSizes[storage.dtype];
    if (position > source.size) {
      throw new CheckpointError(
        `the file ends within the storage ${describeJson(key)}. It is cut off: fetch it again`,
        source.path,
      );
    }
  }
  return offsets;
}
