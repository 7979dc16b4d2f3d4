/** Largest absolute difference between two arrays of one length; NaN where either holds one. */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) {
    throw new Error(`Cannot compare ${actual.length} numbers with ${expected.length}`);
  }
  let largest = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs((actual[i] ?? Number.NaN) - (expected[i] ?? Number.NaN));
    if (!(difference <= largest)) largest = difference;
    if (Number.isNaN(difference)) return difference;
  }
  return largest;
}

export const largestMagnitude = (values: Float32Array): number =>
  values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);

export const relativeDifference = (actual: number, expected: number): number =>
  Math.abs(actual - expected) / Math.abs(expected);
