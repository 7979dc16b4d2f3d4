import { CheckpointError } from '../errors.ts';
import { describeJson } from './json.ts';
import { PickleGlobal, type PickleHost } from './pickle.ts';
import { PickleError } from './pickle-bytes.ts';
import { type DType, elementCount, elementSizes, isCount, type TensorEntry } from './tensor-entry.ts';

/** The memory that tensors of a state dict look into, as the pickle describes it. */
export interface TorchStorage {
  key: string;
  dtype: DType;
  /** Elements. */
  count: number;
}

/** Far above that of any state dict; bounds what is read of a file at once. */
export const maxPickleBytes = 4 * 2 ** 20;

class TorchTensor {
  readonly storage: TorchStorage;
  /** Elements from the start of the storage. */
  readonly offset: number;
  readonly shape: number[];
  readonly strides: number[];

  constructor(storage: TorchStorage, offset: number, shape: number[], strides: number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

const storageTypes = new Map<PickleGlobal, DType>(
  Object.entries({
    Double: 'float64',
    Float: 'float32',
    Half: 'float16',
    BFloat16: 'bfloat16',
    Long: 'int64',
    Int: 'int32',
    Short: 'int16',
    Char: 'int8',
    Byte: 'uint8',
    Bool: 'bool',
  } as const).map(([type, dtype]) => [new PickleGlobal(`torch.${type}Storage`), dtype]),
);

/** All names that a state dict may use. */
const allowed = [
  ...storageTypes.keys(),
  new PickleGlobal('collections.OrderedDict', makeOrderedDict),
  new PickleGlobal('torch._utils._rebuild_tensor_v2', rebuildTensor),
  new PickleGlobal('torch._utils._rebuild_parameter', rebuildParameter),
];

const globals = new Map(allowed.map(global => [global.name, global]));

/** The names a pickle without tensors may use: none. */
export const plainHost: PickleHost = { globals: new Map() };

/** What the pickle of a state dict may use. The storages that it refers to are collected in `storages`, by key. */
export function stateDictHost(storages: Map<string, TorchStorage>): PickleHost {
  return {
    globals,
    persistentLoad: id => {
      const storage = parseStorage(id);
      const known = storages.get(storage.key);
      if (known && (known.dtype !== storage.dtype || known.count !== storage.count)) {
        throw new PickleError(`the storage ${describeJson(storage.key)} is described in two ways`);
      }
      storages.set(storage.key, known ?? storage);
      return known ?? storage;
    },
  };
}

/** Storages are told from all else by identity: nothing but `parseStorage` makes them. */
const madeStorages = new WeakSet<object>();

function parseStorage(id: unknown): TorchStorage {
  const [kind, type, key, location, count, view = null] = Array.isArray(id) ? id : [];
  const dtype = storageTypes.get(type);
  if (kind !== 'storage' || !dtype || typeof key !== 'string' || typeof location !== 'string') {
    throw new PickleError('the pickle refers to something other than the storage of a tensor');
  }
  if (!isCount(count))
    throw new PickleError(`the storage ${describeJson(key)} has ${describeJson(count)} elements`);
  if (view !== null) throw new PickleError(`the storage ${describeJson(key)} is a view of another one`);
  const storage = { key, dtype, count };
  madeStorages.add(storage);
  return storage;
}

function makeOrderedDict(args: readonly unknown[]): Map<unknown, unknown> {
  if (args.length > 0) throw new PickleError('the pickle makes an OrderedDict with arguments');
  return new Map();
}

function rebuildTensor(args: readonly unknown[]): TorchTensor {
  const [storage, offset, shape, strides, requiresGrad, hooks, metadata = null] = args;
  if (typeof storage !== 'object' || storage === null || !madeStorages.has(storage)) {
    throw new PickleError('a tensor is made from something that is no storage');
  }
  if (!isCount(offset)) throw new PickleError(`a tensor begins at ${describeJson(offset)} of its storage`);
  if (!Array.isArray(shape) || !shape.every(isCount))
    throw new PickleError('the sizes of a tensor are no counts');
  if (!Array.isArray(strides) || !strides.every(isCount) || strides.length !== shape.length) {
    throw new PickleError('the strides of a tensor do not fit its sizes');
  }
  checkExtras(requiresGrad, hooks);
  if (metadata !== null && !isEmptyDict(metadata)) throw new PickleError('a tensor has metadata');
  return new TorchTensor(storage as TorchStorage, offset, shape, strides);
}

function rebuildParameter(args: readonly unknown[]): TorchTensor {
  const [tensor, requiresGrad, hooks] = args;
  if (!(tensor instanceof TorchTensor))
    throw new PickleError('a parameter is made from something that is no tensor');
  checkExtras(requiresGrad, hooks);
  return tensor;
}

function checkExtras(requiresGrad: unknown, hooks: unknown): void {
  if (typeof requiresGrad !== 'boolean')
    throw new PickleError('requires_grad of a tensor is neither true nor false');
  if (!isEmptyDict(hooks)) throw new PickleError('a tensor has backward hooks');
}

function isEmptyDict(value: unknown): boolean {
  return value instanceof Map && value.size === 0;
}

/**
 * Lists the tensors of an unpickled state dict.
 *
 * @param locate gives the byte at which the values of a storage begin
 */
export function listTensors(
  stateDict: unknown,
  file: string,
  locate: (storage: TorchStorage) => number,
): TensorEntry[] {
  if (!(stateDict instanceof Map)) {
    throw new CheckpointError(
      `expected a state dict, a dict from names to tensors, but found ${describePickled(stateDict)}`,
      file,
    );
  }
  return [...stateDict].map(([name, value]) => {
    if (typeof name !== 'string') {
      throw new CheckpointError(
        `expected names for keys of the state dict but found ${describePickled(name)}`,
        file,
      );
    }
    if (!(value instanceof TorchTensor)) {
      throw new CheckpointError(
        `expected a tensor for ${describeJson(name)} of the state dict but found ${describePickled(value)}. Save the state dict alone`,
        file,
      );
    }
    return toEntry(name, value, file, locate);
  });
}

function describePickled(value: unknown): string {
  if (value instanceof Map) return 'a dict';
  if (value instanceof TorchTensor) return 'a tensor';
  return Array.isArray(value) ? 'a list or tuple' : describeJson(value);
}

function toEntry(
  name: string,
  { storage, offset, shape, strides }: TorchTensor,
  file: string,
  locate: (storage: TorchStorage) => number,
): TensorEntry {
  const refuse = (message: string) => new CheckpointError(`tensor ${describeJson(name)}: ${message}`, file);
  const count = elementCount(shape);
  if (count === undefined) throw refuse(`the shape [${shape.slice(0, 8)}] has too many elements`);
  // Compared as doubles: beyond 2 ** 53 the sum is inexact but certainly beyond the storage.
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? 0), offset);
  if (count === 0 ? offset > storage.count : last >= storage.count) {
    throw refuse(
      `shape [${shape.slice(0, 8)}] with strides [${strides.slice(0, 8)}] from element ${offset} on reaches beyond its storage of ${storage.count} elements`,
    );
  }
  const size = elementSizes[storage.dtype];
  const entry: TensorEntry = {
    name,
    dtype: storage.dtype,
    shape,
    file,
    offset: locate(storage) + offset * size,
    length: count * size,
  };
  const axes = shape.flatMap((length, axis) => (length === 1 ? [] : [axis]));
  if (count === 0 || isDense(axes, shape, strides)) return entry;
  const byStride = axes.toSorted((a, b) => (strides[b] ?? 0) - (strides[a] ?? 0));
  if (!isDense(byStride, shape, strides)) {
    throw refuse(
      `it is a view with strides [${strides.slice(0, 8)}] that skips or repeats elements of its storage. Save it again with .contiguous()`,
    );
  }
  return { ...entry, strides };
}

/** Whether the elements follow each other without gaps when the axes are gone through, the last one fastest. */
function isDense(axes: readonly number[], shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  return axes.toReversed().every(axis => {
    const dense = strides[axis] === expected;
    expected *= shape[axis] ?? 0;
    return dense;
  });
}
