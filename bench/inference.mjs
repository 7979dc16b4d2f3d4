// @ts-check
/*
 * Time of the forward pass: batches of 32 sentences that stand for a corpus (epoch-batches.mjs), logits of every piece and
 * the best label of each; packing the batches counts. Prints one JSON object: seconds of a batch, pieces per second, highest
 * memory after the warm-up.
 *
 *   node bench/inference.mjs --test-file FILE.iob2 --model MODEL [--steps 40] [--dtype bfloat16]
 */
import { Command } from 'commander';
import { AutoTokenizer, BertForTokenClassification, getLabels, NerDataset, readDataFromFile } from 'nerbert';
import { drawBatches } from './epoch-batches.mjs';
import { median } from './figures.mjs';
import { memoryMb, resetPeak } from './memory.mjs';
import { dtypeOption, positiveInteger } from './options.mjs';

const WARM_UP = 3;

const options = new Command('bench:inference')
  .requiredOption('--test-file <file>', 'IOB2 file')
  .requiredOption('--model <folder>', 'checkpoint')
  .option('--steps <n>', 'batches that are drawn from the file', positiveInteger, 40)
  .addOption(dtypeOption())
  .parse()
  .opts();

const dataset = await readDataFromFile(options.testFile);
const { labels2ind } = getLabels(dataset);
const tokenizer = await AutoTokenizer.fromPretrained(options.model);
const model = await BertForTokenClassification.fromPretrained(options.model, {
  id2label: Object.keys(labels2ind),
  dtype: options.dtype,
});
const { batches } = await drawBatches(new NerDataset({ dataset, tokenizer, labels2ind, maxLenSeq: 128 }), {
  batchSize: 32,
  groupByLength: false,
  longSentences: 'windows',
  count: options.steps,
});

/** The best label of each piece. @param {Float32Array} logits @param {number} labels */
function best(logits, labels) {
  const found = new Int32Array(logits.length / labels);
  for (let piece = 0; piece < found.length; piece++) {
    const first = piece * labels;
    let highest = first;
    for (let i = first + 1; i < first + labels; i++) {
      if (/** @type {number} */ (logits[i]) > /** @type {number} */ (logits[highest])) highest = i;
    }
    found[piece] = highest - first;
  }
  return found;
}

/** Pieces of a batch, predicted. @param {Iterable<import('nerbert').Batch>} loader */
async function predict(loader) {
  let pieces = 0;
  for (const batch of /** @type {Iterable<import('nerbert').PackedBatch>} */ (loader)) {
    const { logits, shape } = await model.forward(batch);
    pieces += best(logits, shape.at(-1) ?? 1).length;
  }
  return pieces;
}

for (let i = 0; i < WARM_UP; i++) await predict(batches[i % batches.length] ?? []);
resetPeak();
/** @type {number[]} */
const seconds = [];
let pieces = 0;
for (const loader of batches) {
  const begin = performance.now();
  pieces += await predict(loader);
  seconds.push((performance.now() - begin) / 1000);
}
const peak = memoryMb('VmHWM');
await model.dispose();

console.log(
  JSON.stringify({
    batches: seconds.length,
    batch_s_median: median(seconds),
    pieces_per_s: pieces / seconds.reduce((sum, s) => sum + s, 0),
    peak_rss_mb: peak,
  }),
);
