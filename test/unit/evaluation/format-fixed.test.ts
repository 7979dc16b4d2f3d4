import test from 'ava';
import fc from 'fast-check';
import { formatFixed } from '../../../src/evaluation/format-fixed.ts';

// What Python 3.11 prints for f'{value:.{digits}f}'.
const python: [value: number, digits: number, text: string][] = [
  [1 / 32, 4, '0.0312'],
  [3 / 32, 4, '0.0938'],
  [1 / 8, 2, '0.12'],
  [3 / 8, 2, '0.38'],
  [0.5, 0, '0'],
  [1.5, 0, '2'],
  [2.5, 0, '2'],
  [0.25, 1, '0.2'],
  [0.75, 1, '0.8'],
  [0.15, 1, '0.1'],
  [0.35, 1, '0.3'],
  [1.005, 2, '1.00'],
  [0.045, 2, '0.04'],
  [0.28125, 4, '0.2812'],
  [2 / 3, 2, '0.67'],
  [2 / 3, 20, '0.66666666666666662966'],
  [0, 2, '0.00'],
  [1, 4, '1.0000'],
  [-0.125, 2, '-0.12'],
  [12345.5, 0, '12346'],
];
for (const [value, digits, text] of python) {
  test(`${value} with ${digits} digits`, t => t.is(formatFixed(value, digits), text));
}

/** The nearest multiple of 10^-digits to a non-negative double, ties to even, in exact integers. */
function roundExactly(value: number, digits: number): string {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const exponent = bits.getUint32(0) >>> 20;
  const fraction = bits.getBigUint64(0) & 0xfffffffffffffn;
  const significand = exponent === 0 ? fraction : fraction | 0x10000000000000n;
  const scaled = significand * 10n ** BigInt(digits);
  const shift = BigInt(1075 - Math.max(exponent, 1));
  let rounded = scaled >> shift;
  const twiceRest = 2n * (scaled - (rounded << shift));
  const unit = 1n << shift;
  if (twiceRest > unit || (twiceRest === unit && rounded % 2n === 1n)) rounded++;
  const text = rounded.toString().padStart(digits + 1, '0');
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

test('agrees with exact integer arithmetic', t => {
  const ties = fc.tuple(fc.nat(4096), fc.nat(14)).map(([n, power]) => n / 2 ** power);
  const values = fc.oneof(ties, fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 999 }));
  fc.assert(
    fc.property(
      values,
      fc.nat(20),
      (value, digits) => formatFixed(value, digits) === roundExactly(value, digits),
    ),
    { numRuns: 2000, seed: 1 },
  );
  t.pass();
});
