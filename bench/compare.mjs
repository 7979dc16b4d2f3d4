// @ts-check
/*
 * Steps and inference beside the Python reference: the same data and weights, each measurement in a process of its own, in
 * turn (A, B, A, B, …). Prints a table of pieces per second, highest memory, and ratios; without --reference ours alone.
 *
 *   npm run bench -- --train-file TRAIN.iob2 --test-file TEST.iob2 --model MODEL
 *     [--reference FOLDER --python PYTHON] [--rounds 2] [--steps 24] [--only float32]
 *
 * FOLDER holds bench_reference.py; PYTHON has torch and transformers. `--only`: rows whose names contain this.
 */
import { execFile } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Command } from 'commander';

const { trainFile, testFile, model, reference, python, rounds, steps, only } = new Command('bench')
  .requiredOption('--train-file <file>', 'IOB2 file for steps')
  .requiredOption('--test-file <file>', 'IOB2 file for inference')
  .requiredOption('--model <folder>', 'checkpoint')
  .option('--reference <folder>', 'that of bench_reference.py')
  .option('--python <program>', 'with torch and transformers', 'python3')
  .option('--rounds <n>', 'measurements of each', Number, 2)
  .option('--steps <n>', 'steps of a measurement', Number, 24)
  .option('--only <text>', 'rows whose names contain this', '')
  .parse()
  .opts();

const here = dirname(fileURLToPath(import.meta.url));
const run = promisify(execFile);

/** @typedef {{ pieces_per_s: number, peak_rss_mb: number }} Measurement */

/** @param {string} script @param {string[]} args @returns {Promise<Measurement>} */
async function ours(script, ...args) {
  const { stdout } = await run(process.execPath, [join(here, script), ...args]);
  return JSON.parse(stdout);
}

/** @param {string[]} args @returns {Promise<Record<string, any>>} */
async function theirs(...args) {
  const threads = process.env.OMP_NUM_THREADS ?? `${cpus().length}`;
  const program = join(reference, 'bench_reference.py');
  const fixed = ['--model', model, '--threads', threads, '--rounds', '1', '--steps', `${steps}`];
  const { stdout } = await run(python, [program, ...fixed, ...args], { cwd: reference, maxBuffer: 2 ** 24 });
  return JSON.parse(stdout);
}

/** @param {'random' | 'group'} order @param {string} dtype */
const step = (order, dtype) => () => ours('steps.mjs', trainFile, model, `${steps}`, order, dtype);
/** @param {string} preset @param {string} padding */
const referenceStep = (preset, padding) => async () => {
  const args = ['--train', trainFile, '--what', 'step', '--preset', preset, '--padding', padding];
  return /** @type {Measurement} */ ((await theirs(...args)).step);
};
/** @param {string} padding */
const referenceInference = padding => async () => {
  const { infer } = await theirs('--train', testFile, '--what', 'infer', '--infer-padding', padding);
  return { ...infer[padding], peak_rss_mb: infer[padding].peak_rss_mb ?? infer.peak_rss_mb };
};
const inference = () => ours('inference.mjs', testFile, model);

const rows = [
  { name: 'step, float32', ours: step('random', 'float32'), theirs: referenceStep('hf', 'dynamic') },
  { name: 'step, bfloat16', ours: step('random', 'bfloat16'), theirs: referenceStep('hf-bf16', 'dynamic') },
  {
    name: 'step of like lengths, float32',
    ours: step('group', 'float32'),
    theirs: referenceStep('hf', 'sorted'),
  },
  {
    name: 'step of like lengths, bfloat16',
    ours: step('group', 'bfloat16'),
    theirs: referenceStep('hf-bf16', 'sorted'),
  },
  {
    name: 'best step beside the original recipe',
    ours: step('group', 'bfloat16'),
    theirs: referenceStep('seed', 'fixed128'),
  },
  { name: 'inference, float32', ours: inference, theirs: referenceInference('dynamic') },
  { name: 'inference beside like lengths, float32', ours: inference, theirs: referenceInference('sorted') },
];

/** @param {number[]} values */
const median = values => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
/** @param {Measurement[]} all @param {keyof Measurement} figure */
const middle = (all, figure) => median(all.map(one => one[figure]));

console.log(
  `${cpus()[0]?.model}, ${cpus().length} cores, load average ${loadavg()
    .map(load => load.toFixed(2))
    .join(' ')}\n`,
);
console.log(
  '| work | nerbert: pieces/s, MB | Python: pieces/s, MB | ratio | memory |\n| --- | --- | --- | --- | --- |',
);
for (const row of rows.filter(({ name }) => name.includes(only))) {
  /** @type {Measurement[]} */
  const a = [];
  /** @type {Measurement[]} */
  const b = [];
  for (let round = 0; round < rounds; round++) {
    a.push(await row.ours());
    if (reference) b.push(await row.theirs());
  }
  const [speed, memory] = [middle(a, 'pieces_per_s'), middle(a, 'peak_rss_mb')];
  const [speedB, memoryB] = [middle(b, 'pieces_per_s'), middle(b, 'peak_rss_mb')];
  const beside = reference
    ? `${Math.round(speedB)}, ${Math.round(memoryB)} | ${(speed / speedB).toFixed(2)} | ${(memory / memoryB).toFixed(2)}`
    : '| | ';
  console.log(`| ${row.name} | ${speed}, ${memory} | ${beside} |`);
}
