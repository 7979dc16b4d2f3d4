import { readFile } from 'node:fs/promises';
import {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkOneOf,
  checkPositive,
  checkProbability,
  checkString,
} from '../check.ts';
import { OptionError } from '../errors.ts';

/** Options of `train`, by their names in a configuration file; flags are the same names in kebab-case. */
export interface TrainOptions {
  trainFile?: string;
  evalFile?: string;
  testFile?: string;
  model?: string;
  outputDir?: string;
  overwrite: boolean;
  epochs: number;
  batchSize: number;
  accumulateGradEvery: number;
  learningRate: number;
  warmupRatio: number;
  optimizer: 'adam' | 'adamw';
  weightDecay: number;
  clipping?: number;
  lossReduction: 'token-mean' | 'batch-mean';
  dropout: number;
  maxLenSeq: number;
  stride: number;
  groupByLength: boolean;
  seed: number;
  device: string;
  dtype: 'auto' | 'float32' | 'bfloat16';
  limit?: number;
  printEvery: number;
  printValMistakes: boolean;
  maxMistakes?: number;
  json: boolean;
}

type Name = keyof TrainOptions;

interface OptionSpec {
  name: Name;
  /** What follows the flag; none: the flag alone switches on. */
  value?: string;
  /** Whether the flag's text spells a number. */
  numeric?: boolean;
  description: string;
  /** Returns the value or throws an OptionError; `option` is how messages call it. */
  check(option: string, value: unknown): unknown;
}

const integer =
  (min: number, max?: number) =>
  (option: string, value: unknown): number =>
    checkInteger(option, value, min, max);
const number =
  (min: number, max?: number) =>
  (option: string, value: unknown): number =>
    checkNumber(option, value, min, max);
const oneOf =
  (...allowed: string[]) =>
  (option: string, value: unknown): string =>
    checkOneOf(option, value, allowed);

/** Defaults: the original project's best run. */
export const trainDefaults: TrainOptions = {
  overwrite: false,
  epochs: 6,
  batchSize: 8,
  accumulateGradEvery: 4,
  learningRate: 5e-5,
  warmupRatio: 0.1,
  optimizer: 'adam',
  weightDecay: 0,
  lossReduction: 'token-mean',
  dropout: 0.3,
  maxLenSeq: 128,
  stride: 0,
  groupByLength: false,
  seed: 42,
  device: 'auto',
  dtype: 'auto',
  printEvery: 10,
  printValMistakes: false,
  json: false,
};

export const trainOptionSpecs: readonly OptionSpec[] = [
  {
    name: 'trainFile',
    value: 'FILE',
    description:
      'IOB2 file to learn from: a word and its tag a line, tab between, a blank line after each sentence',
    check: checkString,
  },
  { name: 'evalFile', value: 'FILE', description: 'IOB2 file to score each epoch on', check: checkString },
  {
    name: 'testFile',
    value: 'FILE',
    description: 'IOB2 file to score the best epoch on, once, at the end',
    check: checkString,
  },
  {
    name: 'model',
    value: 'DIR',
    description: 'pre-trained BERT checkpoint in the Hugging Face layout',
    check: checkString,
  },
  {
    name: 'outputDir',
    value: 'DIR',
    description: 'folder for checkpoint, report and figures (default: runs/ and the time)',
    check: checkString,
  },
  { name: 'overwrite', description: 'replace the model that the output folder holds', check: checkBoolean },
  {
    name: 'epochs',
    value: 'N',
    numeric: true,
    description: 'times through the training data',
    check: integer(1),
  },
  {
    name: 'batchSize',
    value: 'N',
    numeric: true,
    description: 'sentences of a micro-batch',
    check: integer(1),
  },
  {
    name: 'accumulateGradEvery',
    value: 'N',
    numeric: true,
    description: 'micro-batches of an optimizer step',
    check: integer(1),
  },
  {
    name: 'learningRate',
    value: 'RATE',
    numeric: true,
    description: 'highest learning rate',
    check: number(0),
  },
  {
    name: 'warmupRatio',
    value: 'SHARE',
    numeric: true,
    description: 'share of the steps in which the rate rises from 0; then it falls to 0',
    check: number(0, 1),
  },
  { name: 'optimizer', value: 'NAME', description: 'adam or adamw', check: oneOf('adam', 'adamw') },
  {
    name: 'weightDecay',
    value: 'RATE',
    numeric: true,
    description: 'on all parameters but biases and LayerNorm weights',
    check: number(0),
  },
  {
    name: 'clipping',
    value: 'NORM',
    numeric: true,
    description: 'highest norm of all gradients together (default: no clipping)',
    check: checkPositive,
  },
  {
    name: 'lossReduction',
    value: 'HOW',
    description: 'token-mean: every word of a step counts the same; batch-mean: every micro-batch does',
    check: oneOf('token-mean', 'batch-mean'),
  },
  {
    name: 'dropout',
    value: 'P',
    numeric: true,
    description: 'of hidden layers, attention and classifier',
    check: checkProbability,
  },
  {
    name: 'maxLenSeq',
    value: 'N',
    numeric: true,
    description: 'pieces of a window, [CLS] and [SEP] included; longer sentences become several windows',
    check: integer(4),
  },
  {
    name: 'stride',
    value: 'N',
    numeric: true,
    description: 'pieces that neighbouring windows share',
    check: integer(0),
  },
  {
    name: 'groupByLength',
    description: 'batches of sentences of like length',
    check: checkBoolean,
  },
  {
    name: 'seed',
    value: 'N',
    numeric: true,
    description: 'of the new classifier, of dropout and of the order of sentences',
    check: integer(0),
  },
  { name: 'device', value: 'NAME', description: 'auto, cpu, cuda or cuda:N', check: checkString },
  {
    name: 'dtype',
    value: 'TYPE',
    description: 'of matrix products: auto (float32), float32 or bfloat16',
    check: oneOf('auto', 'float32', 'bfloat16'),
  },
  {
    name: 'limit',
    value: 'N',
    numeric: true,
    description: 'use the first N sentences of each file alone',
    check: integer(1),
  },
  {
    name: 'printEvery',
    value: 'N',
    numeric: true,
    description: 'where there is no terminal: a line every N steps',
    check: integer(1),
  },
  {
    name: 'printValMistakes',
    description: 'after each epoch, print the sentences with a mistake, a word a row',
    check: checkBoolean,
  },
  {
    name: 'maxMistakes',
    value: 'N',
    numeric: true,
    description: 'how many of them, at most (default: all)',
    check: integer(0),
  },
  { name: 'json', description: 'one JSON event a line on standard output', check: checkBoolean },
];

/** `--train-file` for `trainFile`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;
}

/**
 * The options of a call: flags before the configuration file, that before `defaults`.
 *
 * @param flags what the flags gave, values as text
 * @throws OptionError that names the flag, or the file and the name in it
 */
export async function resolveTrainOptions(
  flags: Readonly<Record<string, unknown>>,
  defaults: TrainOptions = trainDefaults,
): Promise<TrainOptions> {
  const { config, ...given } = flags;
  const options: Record<string, unknown> = { ...defaults };
  if (typeof config === 'string') {
    for (const [name, value] of Object.entries(await readConfiguration(config))) {
      options[name] = specOf(name, config).check(`${name} in ${config}`, value);
    }
  }
  for (const [name, value] of Object.entries(given)) {
    const spec = specOf(name, 'the flags');
    options[name] = spec.check(flagOf(name), spec.numeric ? fromText(value) : value);
  }
  return options as unknown as TrainOptions;
}

function specOf(name: string, place: string): OptionSpec {
  const spec = trainOptionSpecs.find(candidate => candidate.name === name);
  if (spec) return spec;
  throw new OptionError(place, `only ${trainOptionSpecs.map(({ name }) => name).join(', ')}`, name);
}

/** A flag's text as the number that it spells, if it spells one. */
function fromText(value: unknown): unknown {
  if (typeof value !== 'string' || value.trim() === '') return value;
  const spelt = Number(value);
  return Number.isNaN(spelt) ? value : spelt;
}

async function readConfiguration(file: string): Promise<object> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new OptionError('--config', 'a file that can be read', `${file}: ${(cause as Error).message}`);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (cause) {
    throw new OptionError('--config', 'a JSON file', `${file}: ${(cause as Error).message}`);
  }
  throw new OptionError('--config', 'a JSON file with an object of options', file);
}
