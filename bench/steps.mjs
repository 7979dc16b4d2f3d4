// @ts-check
/*
 * Time of an optimizer step on real sentences: batches of 32 as a shuffled loader serves them, AdamW, clipping and
 * dropout 0.3, as shared recipes do. Prints one JSON object: seconds (median, mean), pieces per second, highest memory.
 *
 *   node bench/steps.mjs TRAIN.iob2 MODEL [steps] [group]
 *
 * `group`: batches of sentences of like length.
 */
import { readFileSync } from 'node:fs';
import {
  AutoTokenizer,
  BertForTokenClassification,
  DataLoader,
  getLabels,
  getOptimizerWithWeightDecay,
  NerDataset,
  readDataFromFile,
} from 'nerbert';

const [trainFile, folder, count = '40', grouping, type] = process.argv.slice(2);
if (!trainFile || !folder) {
  console.error('Usage: node bench/steps.mjs TRAIN.iob2 MODEL [steps] [group]');
  process.exit(2);
}

const WARM_UP = 3;
const dataset = await readDataFromFile(trainFile);
const { labels2ind } = getLabels(dataset);
const tokenizer = await AutoTokenizer.fromPretrained(folder);
const model = await BertForTokenClassification.fromPretrained(folder, {
  id2label: Object.keys(labels2ind),
  hiddenDropoutProb: 0.3,
  attentionProbsDropoutProb: 0.3,
  dtype: type === 'bfloat16' ? 'bfloat16' : 'float32',
});
const loader = new DataLoader({
  dataset: new NerDataset({ dataset, tokenizer, labels2ind, maxLenSeq: 128 }),
  batchSize: 32,
  shuffle: true,
  groupByLength: grouping === 'group',
});
const optimizer = getOptimizerWithWeightDecay({
  model,
  optimizer: 'adamw',
  learningRate: 1e-4,
  weightDecay: 0.01,
});

// Batches from the whole epoch, so that a grouped loader is not measured by its longest ones.
const every = Math.max(1, Math.floor(loader.length / (Number(count) + WARM_UP)));
/** @type {number[]} */
const seconds = [];
let pieces = 0;
let index = 0;
for (const batch of loader) {
  if (index++ % every !== 0) continue;
  const begin = performance.now();
  const step = await model.trainStep([batch], { optimizer, clipping: 1 });
  if (index <= WARM_UP * every) continue;
  seconds.push((performance.now() - begin) / 1000);
  pieces += step.pieces;
}
await model.dispose();

seconds.sort((a, b) => a - b);
const total = seconds.reduce((sum, s) => sum + s, 0);
const peakKb = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
console.log(
  JSON.stringify({
    steps: seconds.length,
    step_s_median: seconds[seconds.length >> 1],
    step_s_mean: total / seconds.length,
    pieces_per_s: Math.round(pieces / total),
    peak_rss_mb: Math.round(Number(peakKb) / 1024),
  }),
);
