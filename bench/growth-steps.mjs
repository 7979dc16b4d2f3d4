// @ts-check
/*
 * Milliseconds of an optimizer step, the shortest of some, for each of several sizes: random pieces, every one labelled;
 * AdamW, clipping and dropout 0.3. Prints them as a JSON list; OMP_NUM_THREADS bounds the threads.
 *
 *   node bench/growth-steps.mjs MODEL float32|bfloat16 '[{"length": 16, "count": 128}, …]'
 */
import { BertForTokenClassification, getOptimizerWithWeightDecay } from 'nerbert';

const REPEATS = 2;

const [folder, dtype, sizes] = process.argv.slice(2);
if (!folder || !sizes || (dtype !== 'float32' && dtype !== 'bfloat16')) {
  console.error('Usage: node bench/growth-steps.mjs MODEL float32|bfloat16 SIZES');
  process.exit(2);
}

const model = await BertForTokenClassification.fromPretrained(folder, {
  id2label: Array.from({ length: 11 }, (_, i) => `LABEL_${i}`),
  hiddenDropoutProb: 0.3,
  attentionProbsDropoutProb: 0.3,
  dtype,
});
const optimizer = getOptimizerWithWeightDecay({ model, optimizer: 'adamw', learningRate: 1e-5 });
const times = [];
for (const { length, count } of JSON.parse(sizes)) {
  const pieces = length * count;
  const batch = {
    inputIds: Int32Array.from({ length: pieces }, (_, i) => 1000 + ((i * 7919) % 5000)),
    labels: Int32Array.from({ length: pieces }, (_, i) => i % 11),
    boundaries: Int32Array.from({ length: count + 1 }, (_, i) => i * length),
  };
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run <= REPEATS; run++) {
    const begin = performance.now();
    await model.trainStep([batch], { optimizer, clipping: 1 });
    if (run > 0) best = Math.min(best, performance.now() - begin);
  }
  times.push(best);
}
await model.dispose();
console.log(JSON.stringify(times));
