/** Bytes per element of the types that a checkpoint may hold, under torch's names. */
export const elementSizes = {
  float64: 8,
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
} as const;

export type DType = keyof typeof elementSizes;

/** Where one tensor of a checkpoint lies: little-endian elements in `length` bytes of `file` from `offset` on. */
export interface TensorEntry {
  /** The name under which the checkpoint stores it. */
  name: string;
  dtype: DType;
  shape: number[];
  file: string;
  /** Bytes from the start of `file`. */
  offset: number;
  /** Bytes: the product of `shape` times the element's size. */
  length: number;
  /**
   * Elements from one index to the next, per dimension, where the elements are not in row-major order (a transposed
   * matrix of a `.bin` file). Every element of the range belongs to the tensor then, too.
   */
  strides?: number[];
}

/** Whether a value of unknown origin can be a size or an offset. */
export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Number of elements, or undefined where it is too large to be counted exactly. */
export function elementCount(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return count;
}
