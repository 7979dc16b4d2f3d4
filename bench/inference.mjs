// @ts-check
/*
 * Time of the forward pass over a corpus: batches of 32 sentences in their order, logits of every piece and the best label
 * of each. Prints one JSON object: seconds, pieces per second, highest memory.
 *
 *   node bench/inference.mjs FILE.iob2 MODEL [rounds] [dtype]
 */
import { readFileSync } from 'node:fs';
import {
  AutoTokenizer,
  BertForTokenClassification,
  DataLoader,
  getLabels,
  NerDataset,
  readDataFromFile,
} from 'nerbert';

const [file, folder, rounds = '3', type] = process.argv.slice(2);
if (!file || !folder) {
  console.error('Usage: node bench/inference.mjs FILE.iob2 MODEL [rounds] [dtype]');
  process.exit(2);
}

const dataset = await readDataFromFile(file);
const { labels2ind } = getLabels(dataset);
const tokenizer = await AutoTokenizer.fromPretrained(folder);
const model = await BertForTokenClassification.fromPretrained(folder, {
  id2label: Object.keys(labels2ind),
  dtype: type === 'bfloat16' ? 'bfloat16' : 'float32',
});
const loader = new DataLoader({
  dataset: new NerDataset({ dataset, tokenizer, labels2ind, maxLenSeq: 128 }),
  batchSize: 32,
});
const batches = [...loader];

/** The best label of each piece. @param {Float32Array} logits @param {number} labels */
function best(logits, labels) {
  return Int32Array.from({ length: logits.length / labels }, (_, piece) => {
    const row = logits.subarray(piece * labels, (piece + 1) * labels);
    return row.indexOf(Math.max(...row));
  });
}

/** @type {number[]} */
const seconds = [];
let pieces = 0;
for (let round = -1; round < Number(rounds); round++) {
  pieces = 0;
  const begin = performance.now();
  for (const batch of batches) {
    const { logits, shape } = await model.forward(batch);
    pieces += best(logits, shape.at(-1) ?? 1).length;
  }
  if (round >= 0) seconds.push((performance.now() - begin) / 1000); // the first is a warm-up
}
await model.dispose();

seconds.sort((a, b) => a - b);
const median = seconds[seconds.length >> 1] ?? Number.NaN;
const peakKb = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
console.log(
  JSON.stringify({
    seconds: median,
    pieces_per_s: Math.round(pieces / median),
    peak_rss_mb: Math.round(Number(peakKb) / 1024),
  }),
);
