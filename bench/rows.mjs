// @ts-check
/* What is measured: each row once on either side, for one figure or several. */
import { fileURLToPath } from 'node:url';
import { lastLine, outputOf, secondsToLine } from './child.mjs';

/** @typedef {'float32' | 'bfloat16'} Dtype */
/** @typedef {Record<string, number>} Measurement */
/**
 * @typedef {object} Figure
 * @property {string} name
 * @property {string} unit
 * @property {string} key of a measurement
 * @property {'more' | 'less'} better
 * @property {{ ours: Dtype, theirs: Dtype }} [limit] the type of products, where pieces per second have a limit
 */
/**
 * @typedef {object} Row
 * @property {Figure[]} figures
 * @property {() => Promise<Measurement>} ours
 * @property {(reference: import('./reference.mjs').Reference) => Promise<Measurement>} theirs
 * @property {string} [skipped] why it is not measured here
 */
/**
 * @typedef {object} Setting
 * @property {string} trainFile
 * @property {string} testFile
 * @property {string} fullFile sentences of at least 126 pieces each
 * @property {string} model
 * @property {string} outputDir for what a run writes
 * @property {number} steps
 * @property {string | undefined} bfloat16Missing
 */

const FULL = 128;
export const FULL_BATCH = 8;

/** Of a process: loading takes a tenth of a second. */
const LOADS = 7;

const path = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/** @param {string} script @param {string[]} args @returns {Promise<Measurement>} */
async function ours(script, ...args) {
  return JSON.parse(lastLine(await outputOf(process.execPath, [path(script), ...args])));
}

/** @param {Setting} setting @returns {Row[]} */
export function rows(setting) {
  const best = setting.bfloat16Missing === undefined ? 'bfloat16' : 'float32';
  return [
    stepRow(setting, { name: 'random batches, float32', dtype: 'float32', preset: 'hf', padding: 'dynamic' }),
    stepRow(setting, { name: 'like lengths, float32', dtype: 'float32', preset: 'hf', padding: 'sorted' }),
    stepRow(setting, {
      name: 'random batches, bfloat16',
      dtype: 'bfloat16',
      preset: 'hf-bf16',
      padding: 'dynamic',
    }),
    stepRow(setting, {
      name: 'like lengths, bfloat16',
      dtype: 'bfloat16',
      preset: 'hf-bf16',
      padding: 'sorted',
    }),
    fullRow(setting),
    stepRow(setting, {
      name: `best setting (like lengths, ${best}) beside the original recipe (8 x 4 padded to 128, Adam, float32)`,
      dtype: best,
      preset: 'seed',
      padding: 'fixed128',
    }),
    inferenceRow(setting, 'dynamic', 'inference, random batches, float32'),
    inferenceRow(setting, 'sorted', 'inference beside like lengths, float32'),
    loadRow(setting),
    prepareRow(setting),
    firstStepRow(setting),
  ];
}

/**
 * @param {Setting} setting
 * @param {{ name: string, dtype: Dtype, preset: 'hf' | 'hf-bf16' | 'seed', padding: 'dynamic' | 'sorted' | 'fixed128' }} row
 * @returns {Row}
 */
function stepRow({ trainFile, model, steps, bfloat16Missing }, { name, dtype, preset, padding }) {
  const limit = { ours: dtype, theirs: /** @type {Dtype} */ (preset === 'hf-bf16' ? 'bfloat16' : 'float32') };
  const grouped = padding === 'dynamic' ? [] : ['--group-by-length'];
  return {
    figures: [
      { name: `step, ${name}`, unit: 'pieces/s', key: 'pieces_per_s', better: 'more', limit },
      { name: `epoch, ${name}`, unit: 's', key: 'epoch_s', better: 'less' },
    ],
    ours: () =>
      ours(
        'steps.mjs',
        ...['--train-file', trainFile, '--model', model, '--steps', `${steps}`],
        ...grouped,
        '--dtype',
        dtype,
      ),
    theirs: async reference => (await reference.bench(trainFile, 'step', { steps, preset, padding })).step,
    ...(dtype === 'bfloat16' && bfloat16Missing !== undefined && { skipped: bfloat16Missing }),
  };
}

/** Joined sentences, cut at the same piece on both sides: nothing is padding, so pieces and positions are the same. @param {Setting} setting @returns {Row} */
function fullRow({ fullFile, model, steps }) {
  const name = `${FULL_BATCH} x ${FULL} full, dropout 0.3, float32, beside eager attention`;
  const limit = /** @type {const} */ ({ ours: 'float32', theirs: 'float32' });
  return {
    figures: [
      { name: `step, ${name}`, unit: 's a step', key: 'step_s_mean', better: 'less' },
      { name: `step, ${name}`, unit: 'pieces/s', key: 'pieces_per_s', better: 'more', limit },
    ],
    ours: async () => {
      const size = ['--steps', `${steps}`, '--batch-size', `${FULL_BATCH}`, '--cut'];
      const result = await ours('steps.mjs', '--train-file', fullFile, '--model', model, ...size);
      if (result.pieces_per_step !== FULL_BATCH * FULL)
        throw new Error(
          `Expected steps of ${FULL_BATCH * FULL} pieces but they have ${result.pieces_per_step}`,
        );
      return result;
    },
    theirs: async reference => {
      const options = { steps, preset: 'hf', padding: 'dynamic', batch: FULL_BATCH, attn: 'eager' };
      return (await reference.bench(fullFile, 'step', options)).step;
    },
  };
}

/** @param {Setting} setting @param {'dynamic' | 'sorted'} padding @param {string} name @returns {Row} */
function inferenceRow({ testFile, model, steps }, padding, name) {
  return {
    figures: [{ name, unit: 'pieces/s', key: 'pieces_per_s', better: 'more' }],
    ours: () => ours('inference.mjs', '--test-file', testFile, '--model', model, '--steps', `${steps}`),
    theirs: async reference =>
      (await reference.bench(testFile, 'infer', { steps, 'infer-padding': padding })).infer[padding],
  };
}

/** @param {Setting} setting @returns {Row} */
function loadRow({ testFile, model }) {
  return {
    figures: [
      { name: 'loading the model', unit: 's', key: 'model_s', better: 'less' },
      { name: 'loading the tokenizer', unit: 's', key: 'tokenizer_s', better: 'less' },
    ],
    ours: () => ours('load.mjs', model, `${LOADS}`),
    theirs: async reference => (await reference.bench(testFile, 'load', { limit: 100, rounds: LOADS })).load,
  };
}

/** Ours includes the labels, in a process that does it for the first time, and remembers the pieces of a word that returns. @param {Setting} setting @returns {Row} */
function prepareRow({ trainFile, model }) {
  return {
    figures: [
      { name: 'tokenising lists of words', unit: 'words/s', key: 'words_per_s', better: 'more' },
      { name: 'reading and encoding the corpus', unit: 's', key: 'prepare_s', better: 'less' },
    ],
    ours: () => ours('prepare.mjs', trainFile, model),
    theirs: async reference => {
      const { tokenize, prepare } = await reference.bench(trainFile, 'tokenize,prepare');
      return {
        words_per_s: tokenize.batched_words_per_s,
        prepare_s: prepare.read_s + prepare.encode_hf_s,
      };
    },
  };
}

/** @param {Setting} setting @returns {Row} */
function firstStepRow({ trainFile, model, outputDir }) {
  const name = 'from the start of the process to the end of its first step, float32';
  const recipe =
    '--epochs 1 --batch-size 32 --accumulate-grad-every 1 --learning-rate 1e-4 --optimizer adamw --weight-decay 0.01 --clipping 1 --dtype float32 --device cpu --json --overwrite';
  return {
    figures: [{ name, unit: 's', key: 'seconds', better: 'less' }],
    ours: async () => {
      const files = ['--train-file', trainFile, '--model', model, '--output-dir', outputDir];
      const args = [path('../dist/cli/main.js'), 'train', ...files, ...recipe.split(' ')];
      return {
        seconds: await secondsToLine(process.execPath, args, line => line.startsWith('{"type":"step"')),
      };
    },
    theirs: async reference => ({ seconds: await reference.secondsToFirstUpdate(trainFile) }),
  };
}
