import { checkInteger, checkString } from '../check.ts';
import { OptionError } from '../errors.ts';
import type { OptionSpec } from './command-options.ts';

/** Several runs in one command: options of `train`. */
export interface SetOptions {
  seeds?: number[];
  /** A JSON file of option: list of values. */
  grid?: string;
}

export const setSpecs: readonly OptionSpec<SetOptions>[] = [
  {
    name: 'seeds',
    value: 'LIST',
    description:
      'one run for each seed, such as 1,2,3, with mean and standard deviation (default: --seed alone)',
    check: checkSeeds,
  },
  {
    name: 'grid',
    value: 'FILE',
    description:
      'one run for each combination of values: JSON of lists, such as {"learningRate": [3e-5, 5e-5]}; the same ' +
      'command goes on where it was interrupted (default: one run)',
    check: checkString,
  },
];

function checkSeeds(option: string, value: unknown): number[] {
  const expected = 'different seeds, such as 1,2,3,';
  const list = typeof value === 'string' ? value.split(',') : value;
  if (!Array.isArray(list) || list.length === 0) throw new OptionError(option, expected, value);
  const seeds = list.map(seed => {
    const spelt = typeof seed === 'string' && seed.trim() !== '' ? Number(seed) : seed;
    if (!Number.isSafeInteger(spelt) || spelt < 0) throw new OptionError(option, expected, value);
    return checkInteger(option, spelt);
  });
  if (new Set(seeds).size < seeds.length) throw new OptionError(option, expected, value);
  return seeds;
}
