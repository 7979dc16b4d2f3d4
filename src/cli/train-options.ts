import { checkBoolean, checkString } from '../check.ts';
import { checkDevice, type Device } from '../engine/device.ts';
import type { HubOptions } from '../hub/settings.ts';
import { integer, type OptionSpec, oneOf } from './command-options.ts';
import { hubOptionSpecs } from './hub-options.ts';
import { type LoopOptions, loopDefaults, loopSpecs } from './loop-options.ts';
import { type OutputOptions, outputDefaults, outputSpecs } from './output-options.ts';
import { type RecipeOptions, recipeDefaults, recipeSpecs } from './recipe-options.ts';
import { type SetOptions, setSpecs } from './set-options.ts';

/** Options of `train`. */
export interface TrainOptions
  extends RecipeOptions,
    LoopOptions,
    SetOptions,
    OutputOptions,
    Omit<HubOptions, 'token'> {
  trainFile?: string;
  evalFile?: string;
  testFile?: string;
  model?: string;
  outputDir?: string;
  overwrite: boolean;
  epochs: number;
  batchSize: number;
  accumulateGradEvery: number;
  maxLenSeq: number;
  stride: number;
  groupByLength: boolean;
  seed: number;
  device: Device;
  dtype: 'auto' | 'float32' | 'bfloat16';
  limit?: number;
  printEvery: number;
  printValMistakes: boolean;
  maxMistakes?: number;
  json: boolean;
  plan: boolean;
}

/** Defaults: the original project's best run. */
export const trainDefaults: TrainOptions = {
  overwrite: false,
  epochs: 6,
  batchSize: 8,
  accumulateGradEvery: 4,
  ...recipeDefaults,
  ...loopDefaults,
  maxLenSeq: 128,
  stride: 0,
  groupByLength: false,
  seed: 42,
  device: 'auto',
  dtype: 'auto',
  ...outputDefaults,
  printEvery: 10,
  printValMistakes: false,
  json: false,
  plan: false,
};

export const trainOptionSpecs: readonly OptionSpec<TrainOptions>[] = [
  {
    name: 'trainFile',
    value: 'FILE',
    description:
      'IOB2 file to learn from: a word and its tag a line, tab between, a blank line after each sentence; or jnlpba or ' +
      'ncbi-disease, public corpora that are fetched and bring their other files along ' +
      '(default: the corpus in ./data/JNLPBA, else the built-in demo)',
    check: checkString,
  },
  {
    name: 'evalFile',
    value: 'FILE',
    description: 'IOB2 file to score on, each epoch unless told otherwise',
    check: checkString,
  },
  {
    name: 'testFile',
    value: 'FILE',
    description: 'IOB2 file to score the best epoch on, once, at the end',
    check: checkString,
  },
  {
    name: 'model',
    value: 'NAME',
    description:
      'pre-trained BERT: a folder in the Hugging Face layout, or owner/name on the hub ' +
      '(default: allenai/scibert_scivocab_cased)',
    check: checkString,
  },
  ...hubOptionSpecs,
  {
    name: 'outputDir',
    value: 'DIR',
    description: 'folder for checkpoint, reports, figures and resume states (default: runs/ and the time)',
    check: checkString,
  },
  {
    name: 'overwrite',
    description: 'replace the checkpoint that the output folder holds, and its resume states',
    check: checkBoolean,
  },
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
  ...recipeSpecs,
  ...loopSpecs,
  ...setSpecs,
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
  { name: 'groupByLength', description: 'batches of sentences of like length', check: checkBoolean },
  {
    name: 'seed',
    value: 'N',
    numeric: true,
    description: 'of the new classifier, of dropout and of the order of sentences',
    check: integer(0),
  },
  { name: 'device', value: 'NAME', description: 'auto, cpu, cuda or cuda:N', check: checkDevice },
  {
    name: 'dtype',
    value: 'TYPE',
    description: 'of matrix products: auto (bfloat16 where the hardware computes in it), float32 or bfloat16',
    check: oneOf('auto', 'float32', 'bfloat16'),
  },
  {
    name: 'limit',
    value: 'N',
    numeric: true,
    description: 'use the first N sentences of each file alone (default: all)',
    check: integer(1),
  },
  ...outputSpecs,
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
  {
    name: 'plan',
    description: 'say what the run would do, the memory and the time that it would take, and end',
    check: checkBoolean,
  },
  {
    name: 'json',
    description: 'one JSON event a line on standard output, everything else on standard error',
    check: checkBoolean,
  },
];
