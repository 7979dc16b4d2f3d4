import {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkPositive,
  checkProbability,
  checkString,
} from '../check.ts';
import { OptionError } from '../errors.ts';
import { flagOf, integer, type OptionSpec, oneOf } from './command-options.ts';
import { type TrainOptions, trainOptionSpecs } from './train-options.ts';

/** The sweep: options of `lr-find` beside those of `train`. */
export interface SweepOptions {
  weightDecays: number[];
  dropouts: number[];
  seeds: number[];
  startLr: number;
  endLr: number;
  numIter: number;
  stepMode: 'exp' | 'linear';
  smoothF: number;
  divergeTh: number;
  skipStart: number;
  skipEnd: number;
  resume: boolean;
  apply?: string;
}

export type LrFindOptions = Omit<TrainOptions, keyof SweepOptions> & SweepOptions;

/** Defaults: the original project's sweep, three times. */
export const sweepDefaults: SweepOptions = {
  weightDecays: [0, 0.1, 1e-2, 1e-3, 1e-4],
  dropouts: [0.1, 0.2, 0.3],
  seeds: [42, 43, 44],
  startLr: 1e-6,
  endLr: 1,
  numIter: 100,
  stepMode: 'exp',
  smoothF: 0.05,
  divergeTh: 5,
  skipStart: 10,
  skipEnd: 5,
  resume: false,
};

/** Options of `train` that a range test depends on too, and so are flags of both. */
const shared: ReadonlySet<string> = new Set([
  'trainFile',
  'evalFile',
  'model',
  'revision',
  'cacheDir',
  'localFilesOnly',
  'outputDir',
  'batchSize',
  'accumulateGradEvery',
  'optimizer',
  'layerwiseDecay',
  'freezeEmbeddings',
  'freezeLayers',
  'gradientCheckpointing',
  'clipping',
  'classWeights',
  'maxLenSeq',
  'stride',
  'groupByLength',
  'device',
  'dtype',
  'limit',
  'json',
] satisfies (keyof TrainOptions)[]);

const list =
  (check: (option: string, value: unknown) => unknown): OptionSpec<SweepOptions>['check'] =>
  (option, value) => {
    const values = typeof value === 'string' ? value.split(',').map(spelt) : value;
    if (!Array.isArray(values) || values.length === 0) {
      throw new OptionError(option, 'numbers with commas between, such as 0,0.1', value);
    }
    for (const one of values) check(option, one);
    if (new Set(values).size < values.length) throw new OptionError(option, 'different numbers', value);
    return values;
  };

function spelt(text: string): unknown {
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

const sweepSpecs: readonly OptionSpec<SweepOptions>[] = [
  {
    name: 'weightDecays',
    value: 'LIST',
    description: 'weight decays to try',
    check: list((option, value) => checkNumber(option, value, 0)),
  },
  {
    name: 'dropouts',
    value: 'LIST',
    description: 'dropouts to try with each',
    check: list(checkProbability),
  },
  {
    name: 'seeds',
    value: 'LIST',
    description: 'seeds to do all that with: their spread tells how far a suggestion can be trusted',
    check: list((option, value) => checkInteger(option, value)),
  },
  {
    name: 'startLr',
    value: 'RATE',
    numeric: true,
    description: 'learning rate of the first iteration',
    check: checkPositive,
  },
  { name: 'endLr', value: 'RATE', numeric: true, description: 'of the last one', check: checkPositive },
  {
    name: 'numIter',
    value: 'N',
    numeric: true,
    description: 'iterations (optimizer steps) of each range test',
    check: integer(2),
  },
  {
    name: 'stepMode',
    value: 'HOW',
    description: 'exp: the rate rises by equal factors; linear: by equal differences',
    check: oneOf('exp', 'linear'),
  },
  {
    name: 'smoothF',
    value: 'WEIGHT',
    numeric: true,
    description: 'weight of a new loss in the smoothed one; 0: no smoothing',
    check: checkProbability,
  },
  {
    name: 'divergeTh',
    value: 'FACTOR',
    numeric: true,
    description: 'a range test ends where the smoothed loss is above that many times its lowest',
    check: (option, value) => checkNumber(option, value, 1),
  },
  {
    name: 'skipStart',
    value: 'N',
    numeric: true,
    description: 'iterations at the start that suggestions and figure leave out',
    check: integer(0),
  },
  {
    name: 'skipEnd',
    value: 'N',
    numeric: true,
    description: 'the same at the end',
    check: integer(0),
  },
  {
    name: 'resume',
    description: 'go on with the sweep in --output-dir; what is finished there is not done again',
    check: checkBoolean,
  },
  {
    name: 'apply',
    value: 'FILE',
    description: 'write the suggested learningRate into this configuration file, whose other options stay',
    check: checkString,
  },
];

const ownNames: ReadonlySet<string> = new Set(sweepSpecs.map(({ name }) => name));

/** The flags of `lr-find`. */
export const lrFindFlags = [
  ...trainOptionSpecs.filter(({ name }) => shared.has(name) && !ownNames.has(name)),
  ...sweepSpecs,
] as readonly OptionSpec<LrFindOptions>[];

/** What a configuration file may hold: all that it may hold for `train`, so that one file serves both. */
export const lrFindSpecs = [
  ...trainOptionSpecs.filter(({ name }) => !ownNames.has(name)),
  ...sweepSpecs,
] as readonly OptionSpec<LrFindOptions>[];

/** Options of `train` among those given, as its flags: what was given to `lr-find` holds for training too. */
export function trainFlags(given: Readonly<Record<string, unknown>>): string[] {
  // They mean another thing here, or would make several runs of the one that is wanted.
  const passedOver = new Set(['outputDir', 'overwrite', 'json', 'resume', 'seeds', 'grid']);
  return trainOptionSpecs.flatMap(({ name, value }) => {
    const chosen = given[name];
    if (chosen === undefined || chosen === false || passedOver.has(name)) return [];
    return value === undefined ? [flagOf(name)] : [flagOf(name), String(chosen)];
  });
}

/** @throws OptionError for options that do not go together */
export function checkSweep(
  { startLr, endLr, numIter, skipStart, skipEnd, resume }: LrFindOptions,
  given: Partial<LrFindOptions>,
): void {
  if (endLr <= startLr) throw new OptionError('--end-lr', `a rate above --start-lr, ${startLr},`, endLr);
  const needed = skipStart + skipEnd + 2;
  if (numIter < needed) {
    throw new OptionError(
      '--num-iter',
      `at least ${needed}, two more than --skip-start and --skip-end,`,
      numIter,
    );
  }
  if (resume && given.outputDir === undefined) {
    throw new OptionError('--output-dir', 'the folder of the sweep to resume', undefined);
  }
}
