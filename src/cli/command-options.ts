import { type Command, Option } from 'commander';
import { checkInteger, checkNumber, checkOneOf } from '../check.ts';
import { DataError } from '../errors.ts';
import { isJsonObject } from '../json.ts';
import { readJsonObject } from './json-file.ts';

/** An option of a command, by its name in a configuration file; the flag is the same name in kebab-case. */
export interface OptionSpec<Options> {
  name: keyof Options & string;
  /** What follows the flag; none: the flag alone switches on, or with `--no-` off what is on by default. */
  value?: string;
  /** Whether the flag's text spells a number. */
  numeric?: boolean;
  description: string;
  /** Returns the value or throws an OptionError; `option` is how messages call it. */
  check(option: string, value: unknown): unknown;
}

type Check = (option: string, value: unknown) => unknown;

export const integer =
  (min: number): Check =>
  (option, value) =>
    checkInteger(option, value, min);

export const number =
  (min: number, max?: number): Check =>
  (option, value) =>
    checkNumber(option, value, min, max);

export const oneOf =
  (...allowed: string[]): Check =>
  (option, value) =>
    checkOneOf(option, value, allowed);

/** `--train-file` for `trainFile`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
}

/** Adds `--config` and the flags of options to a command; its help shows `defaults`. */
export function addFlags<Options>(
  command: Command,
  specs: readonly OptionSpec<Options>[],
  defaults: Partial<Options>,
): void {
  command.option('--config <FILE>', 'JSON file with these options, their names in camelCase; flags win');
  for (const { name, value, description } of specs) {
    if (value === undefined && defaults[name] === true) {
      // Without the positive flag beside it, Commander would say that it was given.
      command.addOption(new Option(flagOf(name)).hideHelp());
      command.option(flagOf(name).replace('--', '--no-'), description);
      continue;
    }
    const fallback = value === undefined ? undefined : defaults[name];
    const shown = fallback === undefined ? '' : ` (default: ${fallback})`;
    command.option(`${flagOf(name)}${value === undefined ? '' : ` <${value}>`}`, `${description}${shown}`);
  }
}

/**
 * The options that were given, checked: flags before the configuration file.
 *
 * @param flags what the flags gave, values as text
 * @throws OptionError that names the flag, or the file and the name in it
 * @throws DataError for a configuration file that cannot be used
 */
export async function givenOptions<Options>(
  { config, ...flags }: Readonly<Record<string, unknown>>,
  specs: readonly OptionSpec<Options>[],
): Promise<Partial<Options>> {
  const given: Record<string, unknown> = {};
  if (typeof config === 'string') {
    const content = await readJsonObject(config, 'options for --config');
    // A run_config.json holds the options of its run beside other things.
    const options = isJsonObject(content.options) ? content.options : content;
    for (const [name, value] of Object.entries(options)) {
      const spec = specs.find(candidate => candidate.name === name);
      if (!spec) throw new DataError(unknownName(name, specs), config);
      given[name] = spec.check(`${name} in ${config}`, value);
    }
  }
  for (const spec of specs) {
    const value = flags[spec.name];
    if (value === undefined) continue;
    given[spec.name] = spec.check(flagOf(spec.name), spec.numeric ? fromText(value) : value);
  }
  return given as Partial<Options>;
}

function unknownName<Options>(name: string, specs: readonly OptionSpec<Options>[]): string {
  const names = specs.map(spec => spec.name).join(', ');
  return `Expected options of the command but found ${JSON.stringify(name)}. There are: ${names}`;
}

/** A flag's text as the number that it spells, if it spells one. */
function fromText(value: unknown): unknown {
  if (typeof value !== 'string' || value.trim() === '') return value;
  const spelt = Number(value);
  return Number.isNaN(spelt) ? value : spelt;
}
