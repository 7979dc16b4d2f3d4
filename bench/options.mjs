// @ts-check
/* Options that several benchmarks share. */
import { InvalidArgumentError, Option } from 'commander';

/** @param {string} text */
export function positiveInteger(text) {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError('expected a whole number from 1');
  return value;
}

export const dtypeOption = () =>
  new Option('--dtype <type>', 'of matrix products').choices(['float32', 'bfloat16']).default('float32');
