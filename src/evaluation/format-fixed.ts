/**
 * `value` with `digits` decimals (0 to 100), correctly rounded from the exact value of the double, ties to even, as
 * Python formats floats: 1/32 with four digits is 0.0312. For magnitudes below 1e21.
 */
export function formatFixed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  // toFixed is exact too but rounds ties away from zero. value * 10^digits ends in one half exactly if value is an
  // odd multiple of 2^-(digits + 1), and scaling by a power of two does not round.
  const isTie = Math.abs((value * 2 ** (digits + 1)) % 2) === 1;
  const last = Number(text.at(-1));
  return isTie && last % 2 === 1 ? `${text.slice(0, -1)}${last - 1}` : text;
}
