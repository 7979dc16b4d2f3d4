/*
 * Trains a model with dropout for some steps; prints losses, norms, the gradients of the last step, and what forward and
 * predictLabelled say of a batch.
 */
import { loadNative } from '../../../src/engine/native.ts';
import { BertForTokenClassification } from '../../../src/model/bert-for-token-classification.ts';
import { getOptimizerWithWeightDecay } from '../../../src/training/optimizer.ts';
import { gradientsOf } from '../../support/model-values.ts';

const [options = '{}'] = process.argv.slice(2);
const { hiddenAct = 'gelu', steps = 3, ...modelOptions } = JSON.parse(options);
const config = {
  vocabSize: 60,
  hiddenSize: 72, // no multiple of a vector; heads of 24 elements are none either
  numHiddenLayers: 3,
  numAttentionHeads: 3,
  intermediateSize: 150,
  maxPositionEmbeddings: 64,
  initializerRange: 0.2,
  hiddenAct,
};
await using model = await BertForTokenClassification.fromConfig(config, {
  numLabels: 5,
  hiddenDropoutProb: 0.3,
  attentionProbsDropoutProb: 0.2,
  device: 'cpu',
  ...modelOptions,
});
const optimizer = getOptimizerWithWeightDecay({
  model,
  optimizer: 'adamw',
  learningRate: 1e-3,
  weightDecay: 0.1,
});

// Sequences of one piece, of lengths around the width of a vector, and of more than one block of rows; enough of them
// for two threads, which get shares of unequal size.
const lengths = [...Array.from({ length: 4 }, () => [1, 2, 7, 16, 17, 33, 64]).flat(), 30];
const boundaries = Int32Array.of(
  0,
  ...lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b)),
);
const pieces = boundaries[lengths.length] ?? 0;
const batch = (seed: number, labelled = pieces) => ({
  inputIds: Int32Array.from({ length: pieces }, (_, i) => (i * i * 7 + seed) % config.vocabSize),
  tokenTypeIds: Int32Array.from({ length: pieces }, (_, i) => i % 2),
  // A third of the pieces has no label, among them all of the second sequence; none has beyond `labelled`.
  labels: Int32Array.from({ length: pieces }, (_, i) =>
    i % 3 === 1 || i === 1 || i === 2 || i >= labelled ? -100 : (i + seed) % 5,
  ),
  boundaries,
});
const losses: number[] = [];
const norms: number[] = [];
for (let step = 0; step < steps; step++) {
  // Computed in two parts; in the second, one thread's share has no label.
  const batches = [batch(step), batch(step + 5), batch(step + 11, pieces / 8)];
  const result = await model.trainStep(batches, { optimizer, clipping: 1 });
  losses.push(...result.losses);
  norms.push(result.gradNorm);
}
const { logits, loss } = await model.forward(batch(5));
const { predictions, lossSum, lossWeight } = await model.predictLabelled(batch(5));
const gradients = Object.fromEntries(
  [...(await gradientsOf(model))].map(([name, values]) => [name, [...values]]),
);
const { cpuCapability, threads } = loadNative().runtimeInfo();
console.log(
  JSON.stringify({
    cpuCapability,
    threads,
    losses,
    norms,
    gradients,
    logits: [...logits],
    loss,
    labels: [...batch(5).labels],
    predictions: [...predictions],
    lossOfPredictions: lossSum / lossWeight,
  }),
);
