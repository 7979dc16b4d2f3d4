import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OptionError } from '../errors.ts';
import { flagOf } from './command-options.ts';
import { type TrainOptions, trainDefaults } from './train-options.ts';

/** Where a training run takes its sentences and its model from. */
export interface DataSource {
  kind: 'files' | 'corpus folder' | 'demo';
  trainFile: string;
  evalFile: string | undefined;
  testFile: string | undefined;
  /** What corpus it is, for the model card; undefined: only the files tell. */
  about?: string | undefined;
  /** A checkpoint; for the demo, a folder with a configuration and a vocabulary. */
  model: string;
}

/** Where the original project looks for the corpus. */
const corpusFolder = join('data', 'JNLPBA');

/** Names of the training and the evaluation file there: those of the shared task, or plain ones. */
const corpusFiles = [
  ['Genia4ERtask1.iob2', 'Genia4EReval1.iob2'],
  ['train.iob2', 'test.iob2'],
] as const;

/** The model of the original project's best run. */
export const defaultModel = 'allenai/scibert_scivocab_cased';

/** The small corpus that the package brings along. */
export const demoFolder = fileURLToPath(new URL('../../data/demo', import.meta.url));

/** What the demo does unless told otherwise: a tiny BERT from scratch needs a higher rate and more epochs. */
export const demoDefaults: TrainOptions = {
  ...trainDefaults,
  epochs: 12,
  batchSize: 16,
  accumulateGradEvery: 1,
  learningRate: 1e-3,
  optimizer: 'adamw',
  weightDecay: 0.01,
  clipping: 1,
  dropout: 0.2,
};

/** The given files or names of corpora, else the corpus in ./data/JNLPBA, else the demo. @throws OptionError */
export function chooseDataSource(given: Partial<TrainOptions>): DataSource {
  const { trainFile, evalFile, testFile, model = defaultModel } = given;
  if (trainFile !== undefined) return { kind: 'files', trainFile, evalFile, testFile, model };
  if (evalFile !== undefined) throw missingTrainFile('evalFile');
  for (const [train, test] of corpusFiles) {
    const files = { trainFile: join(corpusFolder, train), evalFile: join(corpusFolder, test) };
    if (existsSync(files.trainFile) && existsSync(files.evalFile))
      return { kind: 'corpus folder', ...files, testFile, model };
  }
  for (const name of ['model', 'testFile'] as const) {
    if (given[name] !== undefined) {
      throw missingTrainFile(
        name,
        `There is no corpus in ./${corpusFolder} either, and the built-in demo has a model and a corpus of its own`,
      );
    }
  }
  return {
    kind: 'demo',
    trainFile: join(demoFolder, 'train.iob2'),
    evalFile: join(demoFolder, 'test.iob2'),
    testFile: undefined,
    model: demoFolder,
  };
}

function missingTrainFile(given: keyof TrainOptions, remedy?: string): OptionError {
  return new OptionError('--train-file', `a file to learn from beside ${flagOf(given)}`, undefined, remedy);
}
