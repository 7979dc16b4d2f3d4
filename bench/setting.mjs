// @ts-check
/* What both sides measure: files and weights, in a temporary folder. */
import { join } from 'node:path';
import { readDataFromFile } from 'nerbert';
import { joinSentences, writeIob2 } from './corpus-files.mjs';
import { bfloat16Missing } from './machine.mjs';
import { makeRandomCheckpoint } from './random-checkpoint.mjs';
import { FULL_BATCH } from './rows.mjs';

/** Words of a joined sentence: more than the 126 pieces that are used, for some words have none. */
const FULL_WORDS = 140;

/**
 * @typedef {object} Options
 * @property {string} trainFile
 * @property {string} testFile
 * @property {string} [model]
 * @property {keyof typeof import('./random-checkpoint.mjs').SIZES} [random] instead of a model
 * @property {string} [vocab] for `random`
 * @property {number} [limit] first sentences of each file alone
 * @property {number} steps
 */

/** @param {Options} options @param {string} folder @returns {Promise<import('./rows.mjs').Setting>} */
export async function makeSetting({ limit, steps, ...options }, folder) {
  const samples = {
    train: (await readDataFromFile(options.trainFile)).slice(0, limit),
    test: (await readDataFromFile(options.testFile)).slice(0, limit),
  };
  const setting = {
    trainFile: join(folder, 'train.iob2'),
    testFile: join(folder, 'test.iob2'),
    fullFile: join(folder, 'full.iob2'),
    outputDir: join(folder, 'run'),
    model: options.model ?? join(folder, 'model'),
    steps,
    bfloat16Missing: bfloat16Missing(),
  };
  await writeIob2(setting.trainFile, samples.train);
  await writeIob2(setting.testFile, samples.test);
  await writeIob2(setting.fullFile, joinSentences(samples.train, FULL_WORDS, steps * FULL_BATCH));
  if (options.random && options.vocab) {
    const { random: size, vocab: vocabFile } = options;
    await makeRandomCheckpoint({ size, vocabFile, labelsFrom: setting.trainFile, folder: setting.model });
  }
  return setting;
}
