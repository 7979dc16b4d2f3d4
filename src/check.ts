import { OptionError } from './errors.ts';

/* Checks of options: each returns its value, typed, or throws an OptionError in the one message form. */

export function checkInteger(option: string, value: unknown, min = 0, max = Number.MAX_SAFE_INTEGER): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `between ${min} and ${max}`;
  throw new OptionError(option, `an integer ${range}`, value);
}

export function checkNumber(option: string, value: unknown, min = -Infinity, max = Infinity): number {
  if (typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max) return value;
  let range = 'a finite number';
  if (min > -Infinity && max < Infinity) range = `a number between ${min} and ${max}`;
  else if (min > -Infinity) range = `a number of at least ${min}`;
  throw new OptionError(option, range, value);
}

export function checkPositive(option: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  throw new OptionError(option, 'a number above 0', value);
}

/** A probability of dropping, or a rate of decay: in [0, 1). */
export function checkProbability(option: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0 && value < 1) return value;
  throw new OptionError(option, 'a number of at least 0 and below 1', value);
}

export function checkBoolean(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new OptionError(option, 'true or false', value);
}

export function checkString(option: string, value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new OptionError(option, 'a non-empty string', value);
}

export function checkOneOf<const T extends string>(option: string, value: unknown, allowed: readonly T[]): T {
  if (allowed.includes(value as T)) return value as T;
  throw new OptionError(option, `one of ${allowed.map(name => JSON.stringify(name)).join(', ')}`, value);
}

/** Refuses options that nobody reads, so that a misspelt name is not ignored in silence; undefined counts as absent. */
export function checkKnownOptions(what: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new OptionError(what, 'an object of options', options);
  }
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && !known.includes(name)) {
      throw new OptionError(what, `only the options ${known.join(', ')}`, name);
    }
  }
}
