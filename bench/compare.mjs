// @ts-check
/*
 * Training, inference and what comes before them beside the Python reference: the same data and weights, each measurement in
 * a process of its own, in turn (A, B, A, B, …). Prints medians, how many times as fast nerbert is (with the lowest and the
 * highest of the rounds, each against its neighbour), highest memory after the warm-up with everything loaded, and the share
 * of the speed that products of matrices alone would allow (arithmetic.mjs). Without --reference ours alone.
 *
 *   npm run bench -- --train-file TRAIN.iob2 --test-file TEST.iob2 (--model MODEL | --random base --vocab VOCAB.txt)
 *     [--reference FOLDER --python PYTHON] [--rounds 3] [--steps 24] [--only float32] [--limit 2000] [--json]
 *
 * FOLDER holds bench_reference.py and train_reference.py; PYTHON has torch and transformers.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { operationsPerPiece } from './arithmetic.mjs';
import { outputOf } from './child.mjs';
import { compare, TABLE_HEAD, tableLine } from './comparison.mjs';
import { describeMachine, machineText, shareThreads } from './machine.mjs';
import { positiveInteger } from './options.mjs';
import { SIZES } from './random-checkpoint.mjs';
import { Reference } from './reference.mjs';
import { rows } from './rows.mjs';
import { makeSetting } from './setting.mjs';

const EVENT_LOOP = 'event loop';

const command = new Command('bench')
  .requiredOption('--train-file <file>', 'IOB2 file for steps')
  .requiredOption('--test-file <file>', 'IOB2 file for inference')
  .option('--model <folder>', 'checkpoint')
  .addOption(
    new Option('--random <size>', 'random weights of this size')
      .choices(Object.keys(SIZES))
      .conflicts('model'),
  )
  .option('--vocab <file>', 'vocab.txt, for --random')
  .option('--reference <folder>', 'that of bench_reference.py')
  .option('--python <program>', 'with torch and transformers', 'python3')
  .option('--rounds <n>', 'measurements of each', positiveInteger, 3)
  .option('--steps <n>', 'steps of a measurement', positiveInteger, 24)
  .option('--limit <n>', 'first sentences of each file alone', positiveInteger)
  .option('--only <text>', 'figures whose names contain this', '')
  .option('--json', 'a JSON object a line: the machine, then the figures with all measurements', false)
  .parse();
/** @type {import('./setting.mjs').Options & { reference?: string, python: string, rounds: number, only: string, json: boolean }} */
const options = command.opts();
if (!options.model && !options.random) command.error('error: --model FOLDER or --random SIZE is missing');
if (options.random && !options.vocab) command.error('error: --random needs --vocab FILE');
if (options.reference && !existsSync(join(options.reference, 'bench_reference.py')))
  command.error(`error: --reference ${options.reference} holds no bench_reference.py`);

const folder = await mkdtemp(join(tmpdir(), 'nerbert-bench-'));
try {
  await bench();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}

async function bench() {
  const load = loadavg();
  const threads = shareThreads();
  const setting = await makeSetting(options, folder);
  const reference = options.reference
    ? new Reference({ folder: options.reference, python: options.python, model: setting.model, threads })
    : undefined;
  const dtypes = ['float32', ...(setting.bfloat16Missing === undefined ? ['bfloat16'] : [])];
  const peak = await reference?.peak(dtypes);
  const machine = describeMachine(peak, load);
  const model = options.model ?? `random ${options.random}`;
  console.log(options.json ? JSON.stringify({ machine, model }) : `${machineText(machine)}\n\n${TABLE_HEAD}`);

  const operations = await operationsPerPiece(setting.model);
  for (const row of rows(setting)) {
    const figures = row.figures.filter(({ name }) => name.includes(options.only));
    if (figures.length === 0) continue;
    if (row.skipped !== undefined) {
      console.error(`skipped: ${row.figures[0]?.name}: ${row.skipped}`);
      continue;
    }
    const { ours, theirs } = await inTurn(row, reference);
    for (const figure of figures) {
      const line = compare(figure, ours, theirs, { operations, peak });
      console.log(options.json ? JSON.stringify({ ...line, ours, theirs }) : tableLine(line));
    }
  }
  if (EVENT_LOOP.includes(options.only) && !options.json) await eventLoop(setting);
}

/** @param {import('./rows.mjs').Row} row @param {Reference | undefined} reference */
async function inTurn(row, reference) {
  const ours = [];
  const theirs = [];
  for (let round = 0; round < options.rounds; round++) {
    ours.push(await row.ours());
    if (reference) theirs.push(await row.theirs(reference));
  }
  return { ours, theirs };
}

/** @param {import('./rows.mjs').Setting} setting */
async function eventLoop({ trainFile, testFile, model, steps }) {
  const program = fileURLToPath(new URL('event-loop.mjs', import.meta.url));
  const sentences = `${32 * steps}`;
  const table = await outputOf(process.execPath, [program, trainFile, testFile, model, sentences, sentences]);
  console.log(`\n${EVENT_LOOP}: ${table}`);
}
