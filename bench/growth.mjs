// @ts-check
/*
 * How time grows: that of an optimizer step with the length of sentences, with their number and with threads, and that of
 * what comes before the first step with the size of the corpus. Prints tables and draws growth.png and growth.svg.
 *
 *   node bench/growth.mjs MODEL TRAIN.iob2 FOLDER [dtype]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readDataFromFile } from 'nerbert';
import { writeFigure } from '../dist/report/write-figure.js';
import { lastLine, outputOf } from './child.mjs';
import { writeIob2 } from './corpus-files.mjs';

const [model, trainFile, folder, dtype = 'float32'] = process.argv.slice(2);
if (!model || !trainFile || !folder) {
  console.error('Usage: node bench/growth.mjs MODEL TRAIN.iob2 FOLDER [dtype]');
  process.exit(2);
}

const LENGTHS = [16, 32, 64, 128, 256, 512];
const PIECES = 1024; // of a step of each length
const COUNTS = [1, 2, 4, 8, 16, 32, 64];
const LENGTH = 40; // of the sentences that are counted
const SENTENCES = [1000, 2000, 4000, 8000, 12000, Infinity]; // of the corpus; the last are all
const ROUNDS = 6; // of all sizes in turn, so that a busy hour of the machine is not one size's; the shortest time counts

const sizes = [
  ...LENGTHS.map(length => ({ length, count: PIECES / length })),
  ...COUNTS.map(count => ({ length: LENGTH, count })),
];
const threads = [...new Set([1, availableParallelism()])];

/** @param {string} script @param {string[]} args @param {NodeJS.ProcessEnv} [env] */
const measured = async (script, args, env = process.env) => {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return JSON.parse(lastLine(await outputOf(process.execPath, [path, ...args], env)));
};

/** Milliseconds of each size. @param {number} count of threads @returns {Promise<number[]>} */
const stepTimes = count =>
  measured('growth-steps.mjs', [model, dtype, JSON.stringify(sizes)], {
    ...process.env,
    OMP_NUM_THREADS: `${count}`,
  });

/** @typedef {{ sentences: number, words: number, read_s: number, encode_s: number, batches_s: number, peak_rss_mb: number }} Corpus */

/** What prepare.mjs says of the first sentences, of each number of them. @param {import('nerbert').DataSample[]} samples @returns {Promise<Corpus[]>} */
async function corpusTimes(samples) {
  const temporary = await mkdtemp(join(tmpdir(), 'nerbert-bench-'));
  try {
    /** @type {Corpus[]} */
    const corpora = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const [i, count] of SENTENCES.filter(n => n < samples.length || n === Infinity).entries()) {
        const file = join(temporary, `${count}.iob2`);
        if (round === 0) await writeIob2(file, samples.slice(0, count));
        corpora[i] = lowest(await measured('prepare.mjs', [file, model ?? '']), corpora[i]);
      }
    }
    return corpora;
  } finally {
    await rm(temporary, { recursive: true });
  }
}

/** The lower value of each key. @param {Corpus} one @param {Corpus} [other] @returns {Corpus} */
function lowest(one, other = one) {
  const of = (/** @type {keyof Corpus} */ key) => Math.min(one[key], other[key]);
  return {
    sentences: of('sentences'),
    words: of('words'),
    read_s: of('read_s'),
    encode_s: of('encode_s'),
    batches_s: of('batches_s'),
    peak_rss_mb: of('peak_rss_mb'),
  };
}

/** @param {(string | number)[][]} lines the head first */
function printTable([head = [], ...lines]) {
  for (const line of [head, head.map(() => '---'), ...lines]) console.log(`| ${line.join(' | ')} |`);
}

const threadNames = threads.map(count => `${count} ${count === 1 ? 'thread' : 'threads'}`);
/** @type {number[][]} */
const steps = [];
for (let round = 0; round < ROUNDS; round++) {
  for (const [i, count] of threads.entries()) {
    const times = await stepTimes(count);
    steps[i] = times.map((ms, k) => Math.min(ms, steps[i]?.[k] ?? ms));
  }
}
printTable([
  ['sentences', 'pieces each', ...threadNames.map(name => `ms, ${name}`)],
  ...sizes.map(({ length, count }, i) => [count, length, ...steps.map(times => times[i]?.toFixed(1) ?? '')]),
]);

const corpora = await corpusTimes(await readDataFromFile(trainFile));
console.log();
printTable([
  ['sentences of the corpus', 'words', 's, reading', 's, encoding', 's, batches of an epoch', 'MB at most'],
  ...corpora.map(({ sentences, words, read_s, encode_s, batches_s, peak_rss_mb }) => [
    sentences,
    words,
    ...[read_s, encode_s, batches_s].map(seconds => seconds.toFixed(3)),
    Math.round(peak_rss_mb),
  ]),
]);

/** @param {number} from @param {number} to @param {(size: { length: number, count: number }, ms: number) => { x: number, y: number }} point */
const stepSeries = (from, to, point) =>
  threadNames.map((name, i) => ({
    name,
    points: sizes.slice(from, to).map((size, k) => point(size, steps[i]?.[from + k] ?? Number.NaN)),
  }));
/** @param {string} name @param {'read_s' | 'encode_s' | 'batches_s'} key */
const corpusSeries = (name, key) => ({
  name,
  points: corpora.map(corpus => ({ x: corpus.sentences, y: corpus[key] * 1000 })),
});
/** @param {string} title */
const integer = title => ({ title, ticks: /** @type {const} */ ('integer') });
await writeFigure(
  {
    title: 'Time of a step, and of what comes before the first',
    notes: [
      `Steps in ${dtype}: above of ${PIECES.toLocaleString('en-US')} pieces, in the middle of sentences of ${LENGTH} pieces`,
    ],
    panels: [
      {
        x: integer('pieces of a sentence'),
        y: integer('time of 1,000 pieces (ms)'),
        series: stepSeries(0, LENGTHS.length, ({ length }, ms) => ({ x: length, y: (ms / PIECES) * 1000 })),
        markers: [],
      },
      {
        x: integer('sentences of a step'),
        y: integer('a step (ms)'),
        series: stepSeries(LENGTHS.length, sizes.length, ({ count }, ms) => ({ x: count, y: ms })),
        markers: [],
      },
      {
        x: integer('sentences of the corpus'),
        y: integer('the corpus (ms)'),
        series: [
          corpusSeries('reading', 'read_s'),
          corpusSeries('encoding', 'encode_s'),
          corpusSeries('batches of an epoch', 'batches_s'),
        ],
        markers: [],
      },
    ],
  },
  join(folder, 'growth'),
);
