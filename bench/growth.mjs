// @ts-check
/*
 * How the time of an optimizer step grows: with the length of sentences, with their number, and with threads. Random pieces,
 * every one labelled; AdamW, clipping and dropout 0.3. Prints a table and draws growth.png and growth.svg.
 *
 *   node bench/growth.mjs MODEL FOLDER [dtype]
 */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { BertForTokenClassification, getOptimizerWithWeightDecay } from 'nerbert';
import { writeFigure } from '../dist/report/write-figure.js';

const [model, folder, dtype = 'float32', measured] = process.argv.slice(2);
if (!model || !folder) {
  console.error('Usage: node bench/growth.mjs MODEL FOLDER [dtype]');
  process.exit(2);
}

const LENGTHS = [16, 32, 64, 128, 256, 512];
const PIECES = 2048; // of a step of each length
const COUNTS = [1, 2, 4, 8, 16, 32, 64, 128];
const LENGTH = 40; // of the sentences that are counted
const REPEATS = 5;

/** Milliseconds of a step (the shortest of some) for each size. @param {{ length: number, count: number }[]} sizes */
async function times(sizes) {
  const id2label = Array.from({ length: 11 }, (_, i) => `LABEL_${i}`);
  const dropout = { hiddenDropoutProb: 0.3, attentionProbsDropoutProb: 0.3 };
  const type = dtype === 'bfloat16' ? 'bfloat16' : 'float32';
  const bert = await BertForTokenClassification.fromPretrained(model ?? '', {
    id2label,
    ...dropout,
    dtype: type,
  });
  const optimizer = getOptimizerWithWeightDecay({ model: bert, optimizer: 'adamw', learningRate: 1e-5 });
  const results = [];
  for (const { length, count } of sizes) {
    const pieces = length * count;
    const batch = {
      inputIds: Int32Array.from({ length: pieces }, (_, i) => 1000 + ((i * 7919) % 5000)),
      labels: Int32Array.from({ length: pieces }, (_, i) => i % 11),
      boundaries: Int32Array.from({ length: count + 1 }, (_, i) => i * length),
    };
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run <= REPEATS; run++) {
      const begin = performance.now();
      await bert.trainStep([batch], { optimizer, clipping: 1 });
      if (run > 0) best = Math.min(best, performance.now() - begin);
    }
    results.push({ length, count, ms: best });
  }
  await bert.dispose();
  return results;
}

const sizes = [
  ...LENGTHS.map(length => ({ length, count: PIECES / length })),
  ...COUNTS.map(count => ({ length: LENGTH, count })),
];
if (measured) {
  console.log(JSON.stringify(await times(sizes)));
} else {
  const threads = [...new Set([1, availableParallelism()])];
  /** @type {{ length: number, count: number, ms: number }[][]} */
  const all = [];
  for (const count of threads) {
    const env = { ...process.env, OMP_NUM_THREADS: `${count}` };
    const args = [fileURLToPath(import.meta.url), model, folder, dtype, 'measured'];
    all.push(JSON.parse((await promisify(execFile)(process.execPath, args, { env })).stdout));
  }
  console.log(`| sentences | pieces each | ${threads.map(n => `ms, ${n} threads`).join(' | ')} |`);
  console.log(`| --- | --- | ${threads.map(() => '---').join(' | ')} |`);
  for (const [i, { length, count }] of sizes.entries()) {
    console.log(`| ${count} | ${length} | ${all.map(run => run[i]?.ms.toFixed(1)).join(' | ')} |`);
  }
  /** @param {number} from @param {number} to @param {(size: { length: number, count: number, ms: number }) => { x: number, y: number }} point */
  const series = (from, to, point) =>
    threads.map((count, i) => ({
      name: `${count} ${count === 1 ? 'thread' : 'threads'}`,
      points: (all[i] ?? []).slice(from, to).map(point),
    }));
  const figure = {
    title: 'Time of an optimizer step',
    notes: [`${dtype}, ${PIECES.toLocaleString('en-US')} pieces above, sentences of ${LENGTH} pieces below`],
    panels: [
      {
        x: { title: 'pieces of a sentence', ticks: /** @type {const} */ ('integer') },
        y: { title: 'time of 1,000 pieces (ms)', ticks: /** @type {const} */ ('integer') },
        series: series(0, LENGTHS.length, ({ length, ms }) => ({ x: length, y: (ms / PIECES) * 1000 })),
        markers: [],
      },
      {
        x: { title: 'sentences of a step', ticks: /** @type {const} */ ('integer') },
        y: { title: 'time of the step (ms)', ticks: /** @type {const} */ ('integer') },
        series: series(LENGTHS.length, sizes.length, ({ count, ms }) => ({ x: count, y: ms })),
        markers: [],
      },
    ],
  };
  await writeFigure(figure, join(folder, 'growth'));
}
