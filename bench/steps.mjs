// @ts-check
/*
 * Time of an optimizer step on real sentences: AdamW, clipping and dropout, as shared recipes do. Batches stand for an
 * epoch (epoch-batches.mjs); packing them counts, tokenising does not. Prints one JSON object: seconds of a step, pieces per
 * second, the share of them that has a label, seconds of an epoch without evaluation, highest memory after the warm-up.
 *
 *   node bench/steps.mjs --train-file TRAIN.iob2 --model MODEL [--steps 40] [--group-by-length] [--dtype bfloat16] …
 */
import { Command } from 'commander';
import {
  AutoTokenizer,
  BertForTokenClassification,
  getLabels,
  getOptimizerWithWeightDecay,
  NerDataset,
  readDataFromFile,
} from 'nerbert';
import { drawBatches } from './epoch-batches.mjs';
import { median } from './figures.mjs';
import { memoryMb, resetPeak } from './memory.mjs';
import { dtypeOption, positiveInteger } from './options.mjs';

const WARM_UP = 3;

const options = new Command('bench:steps')
  .requiredOption('--train-file <file>', 'IOB2 file')
  .requiredOption('--model <folder>', 'checkpoint')
  .option('--steps <n>', 'batches that are drawn from an epoch', positiveInteger, 40)
  .option('--batch-size <n>', 'sentences of a step', positiveInteger, 32)
  .option('--group-by-length', 'batches of sentences of like length', false)
  .option('--cut', 'cut long sentences instead of making windows of them', false)
  .addOption(dtypeOption())
  .parse()
  .opts();

const dataset = await readDataFromFile(options.trainFile);
const { labels2ind } = getLabels(dataset);
const tokenizer = await AutoTokenizer.fromPretrained(options.model);
const model = await BertForTokenClassification.fromPretrained(options.model, {
  id2label: Object.keys(labels2ind),
  hiddenDropoutProb: 0.3,
  attentionProbsDropoutProb: 0.3,
  dtype: options.dtype,
});
const optimizer = getOptimizerWithWeightDecay({
  model,
  optimizer: 'adamw',
  learningRate: 1e-5,
  weightDecay: 0.01,
});
const { batches, updates, epochs } = await drawBatches(
  new NerDataset({ dataset, tokenizer, labels2ind, maxLenSeq: 128 }),
  {
    batchSize: options.batchSize,
    groupByLength: options.groupByLength,
    longSentences: options.cut ? 'cut' : 'windows',
    count: options.steps,
  },
);

/** @param {Iterable<import('nerbert').Batch>} loader */
const step = loader =>
  model.trainStep(/** @type {import('nerbert').PackedBatch[]} */ ([...loader]), { optimizer, clipping: 1 });

for (let i = 0; i < WARM_UP; i++) await step(batches[i % batches.length] ?? []);
resetPeak();
/** @type {number[]} */
const seconds = [];
let pieces = 0;
let labelled = 0;
for (const loader of batches) {
  const begin = performance.now();
  pieces += (await step(loader)).pieces;
  seconds.push((performance.now() - begin) / 1000);
}
const peak = memoryMb('VmHWM');
await model.dispose();
for (const batch of batches.flatMap(loader => [...loader]))
  if ('labelledWords' in batch) labelled += batch.labelledWords?.words.length ?? 0;

const total = seconds.reduce((sum, s) => sum + s, 0);
console.log(
  JSON.stringify({
    steps: seconds.length,
    step_s_median: median(seconds),
    step_s_mean: total / seconds.length,
    pieces_per_s: pieces / total,
    pieces_per_step: pieces / seconds.length,
    labelled_share: labelled / pieces,
    epoch_s: (total / seconds.length) * updates * epochs,
    peak_rss_mb: peak,
  }),
);
