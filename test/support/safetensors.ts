import { readFileSync } from 'node:fs';

export interface GoldenTensor {
  shape: number[];
  data: Float32Array | Int32Array | BigInt64Array;
}

type TensorArray = Float32ArrayConstructor | Int32ArrayConstructor | BigInt64ArrayConstructor;

const arrays: Record<string, TensorArray> = { F32: Float32Array, I32: Int32Array, I64: BigInt64Array };

interface HeaderEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/**
 * All tensors of a trusted safetensors file, by name. Independent of the package's own reader: a golden read by the
 * code under test would prove nothing.
 */
export function readSafetensors(path: string): Record<string, GoldenTensor> {
  const bytes = readFileSync(path);
  const headerEnd = 8 + Number(bytes.readBigUInt64LE(0));
  const header: Record<string, HeaderEntry> = JSON.parse(bytes.toString('utf8', 8, headerEnd));
  const tensors: Record<string, GoldenTensor> = {};
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const TypedArray = arrays[dtype];
    if (!TypedArray) throw new Error(`${path}: ${name} has dtype ${dtype}`);
    const [begin, end] = data_offsets;
    const copy = Uint8Array.from(bytes.subarray(headerEnd + begin, headerEnd + end));
    tensors[name] = { shape, data: new TypedArray(copy.buffer) };
  }
  return tensors;
}

/** One tensor of `readSafetensors` as float32; throws where it is absent or of another dtype. */
export function float32(tensors: Record<string, GoldenTensor>, name: string): Float32Array {
  const data = tensors[name]?.data;
  if (data instanceof Float32Array) return data;
  throw new Error(`Expected a float32 tensor ${name}`);
}

/** One integer tensor of `readSafetensors` as int32, the type of batches. */
export function int32(tensors: Record<string, GoldenTensor>, name: string): Int32Array {
  const data = tensors[name]?.data;
  if (data instanceof Int32Array) return data;
  if (data instanceof BigInt64Array) return Int32Array.from(data, Number);
  throw new Error(`Expected an integer tensor ${name}`);
}
