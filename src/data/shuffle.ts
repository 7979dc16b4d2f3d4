/**
 * A random order of 0 .. length - 1: a pure function of `length`, `seed` and `epoch`, the same on every machine.
 *
 * Fisher-Yates with sfc32 (Chris Doty-Humphrey, PractRand) as its source: state a, b = low and high 32 bits of the
 * seed, c = epoch, counter 1, the first 15 outputs dropped. A position below n is output * n / 2^32, rounded down.
 */
export function permutation(length: number, seed: number, epoch: number): Int32Array {
  const next = sfc32(seed, epoch);
  const order = Int32Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last--) {
    const other = Math.floor((next() * (last + 1)) / 2 ** 32);
    const kept = order[last] as number;
    order[last] = order[other] as number;
    order[other] = kept;
  }
  return order;
}

/** Unsigned 32-bit integers. */
function sfc32(seed: number, epoch: number): () => number {
  let a = seed | 0;
  let b = Math.floor(seed / 2 ** 32) | 0;
  let c = epoch | 0;
  let counter = 1;
  const next = () => {
    const output = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + output) | 0;
    return output >>> 0;
  };
  for (let round = 0; round < 15; round++) next();
  return next;
}
