import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OptionError } from '../errors.ts';
import { type TrainOptions, trainDefaults } from './train-options.ts';

/** Where a training run takes its sentences and its model from. */
export interface DataSource {
  kind: 'files' | 'corpus folder' | 'demo';
  trainFile: string;
  evalFile: string | undefined;
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
const defaultModel = 'allenai/scibert_scivocab_cased';

/** The small corpus that the package brings along. */
export const demoFolder = fileURLToPath(new URL('../../data/demo', import.meta.url));

/** What the demo does unless told otherwise: a tiny BERT from scratch needs a higher rate and more epochs. */
export const demoDefaults: TrainOptions = {
  ...trainDefaults,
  epochs: 15,
  batchSize: 16,
  accumulateGradEvery: 1,
  learningRate: 1e-3,
  dropout: 0.1,
};

/** The given files, else the corpus in ./data/JNLPBA, else the demo. @throws OptionError */
export function chooseDataSource(given: Pick<TrainOptions, 'trainFile' | 'evalFile' | 'model'>): DataSource {
  const { trainFile, evalFile, model = defaultModel } = given;
  if (trainFile !== undefined) return { kind: 'files', trainFile, evalFile, model };
  if (evalFile !== undefined) {
    throw new OptionError('--train-file', 'a file to learn from beside --eval-file', undefined);
  }
  for (const [train, test] of corpusFiles) {
    const files = { trainFile: join(corpusFolder, train), evalFile: join(corpusFolder, test) };
    if (existsSync(files.trainFile) && existsSync(files.evalFile))
      return { kind: 'corpus folder', ...files, model };
  }
  if (given.model !== undefined) {
    throw new OptionError(
      '--train-file',
      'a file to learn from beside --model',
      undefined,
      `There is no corpus in ${corpusFolder} either; the built-in demo trains a model of its own`,
    );
  }
  return {
    kind: 'demo',
    trainFile: join(demoFolder, 'train.iob2'),
    evalFile: join(demoFolder, 'test.iob2'),
    model: demoFolder,
  };
}

/** What a user would do next, as a command. */
export function nextCommand(source: DataSource, outputDir: string): string {
  if (source.kind !== 'demo') {
    return `Next, to see what it says of a sentence:\n  node examples/predict.mjs ${outputDir} "Your sentence."`;
  }
  const train = process.env.npm_lifecycle_event === 'train' ? 'npm run train --' : 'npx nerbert train';
  return `Next, with real data and a pre-trained model in the Hugging Face layout:
  ${train} --train-file train.iob2 --eval-file test.iob2 --model path/to/checkpoint`;
}
