import { createHash } from 'node:crypto';
import { DataError, OptionError } from '../errors.ts';
import { flagOf } from './command-options.ts';
import { readJsonObject } from './json-file.ts';
import { type TrainOptions, trainOptionSpecs } from './train-options.ts';

/** One combination of the values of a grid. */
export interface Configuration {
  /** Its folder, such as `learning-rate=0.00003,epochs=4`. */
  name: string;
  options: Partial<TrainOptions>;
}

/** More would hardly be meant. */
const MOST = 1000;

/** Options of the command as a whole, not of one run of it. */
const common: ReadonlySet<string> = new Set([
  'grid',
  'seeds',
  'outputDir',
  'overwrite',
  'resume',
  'saveEvery',
  'keep',
  'plan',
  'json',
  'printEvery',
  'printValMistakes',
  'maxMistakes',
]);

/**
 * All combinations of a grid file: a JSON object of an option's name in camelCase: list of its values. The first option
 * changes slowest.
 *
 * @param given the options beside the grid
 * @throws DataError for a file that is none, and a name or value that `train` does not take
 * @throws OptionError for an option that is given twice
 */
export async function readGrid(file: string, given: Partial<TrainOptions>): Promise<Configuration[]> {
  const axes = Object.entries(await readJsonObject(file, 'option: list of values for --grid')).map(
    ([name, values]) => ({ name, values: checkAxis(name, values, file) }),
  );
  if (axes.length === 0)
    throw new DataError('Expected at least one option with its values but found none', file);
  for (const { name } of axes) {
    const twice = given[name as keyof TrainOptions];
    if (twice !== undefined)
      throw new OptionError(flagOf(name), 'no value, since the grid gives its values,', twice);
  }
  if (given.seeds && axes.some(({ name }) => name === 'seed')) {
    throw new OptionError('--seeds', 'no seeds, since the grid gives its own,', given.seeds);
  }
  const count = axes.reduce((product, { values }) => product * values.length, 1);
  if (count > MOST)
    throw new DataError(`Expected at most ${MOST} combinations but these make ${count}`, file);
  return axes
    .reduce<[name: string, value: unknown][][]>(
      (combinations, { name, values }) =>
        combinations.flatMap(combination =>
          values.map(value => [...combination, [name, value] as [string, unknown]]),
        ),
      [[]],
    )
    .map(pairs => ({ name: folderName(pairs), options: Object.fromEntries(pairs) }));
}

function checkAxis(name: string, values: unknown, file: string): unknown[] {
  const spec = trainOptionSpecs.find(candidate => candidate.name === name);
  if (!spec || common.has(name)) {
    const names = trainOptionSpecs
      .map(candidate => candidate.name)
      .filter(candidate => !common.has(candidate));
    const problem = spec ? 'which is one for all runs' : 'which is none';
    throw new DataError(
      `Expected options of a run but found ${JSON.stringify(name)}, ${problem}. There are: ${names.join(', ')}`,
      file,
    );
  }
  if (!Array.isArray(values) || values.length === 0) {
    throw new DataError(
      `Expected a list of at least one value for ${name} but found ${JSON.stringify(values)}`,
      file,
    );
  }
  const checked = values.map((value, i) => spec.check(`${name}[${i}] in ${file}`, value));
  const twice = checked.find((value, i) => checked.indexOf(value) < i);
  if (twice === undefined) return checked;
  throw new DataError(`Expected different values for ${name} but found ${JSON.stringify(twice)} twice`, file);
}

/** `--learning-rate 0.00003 --epochs 4` as the name of a folder, which its values alone determine. */
function folderName(pairs: readonly (readonly [name: string, value: unknown])[]): string {
  const full = pairs.map(([name, value]) => `${flagOf(name).slice(2)}=${value}`).join(',');
  const safe = full.replaceAll(/[^\w.,=+-]/g, '-');
  if (safe === full && full.length <= 120) return full;
  const digest = createHash('sha256').update(JSON.stringify(pairs)).digest('hex').slice(0, 8);
  return `${safe.slice(0, 110)}-${digest}`;
}
