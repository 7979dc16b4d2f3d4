/* Prints the losses of five steps with dropout over batches large enough to be spread over threads. */
import { loadNative } from '../../../src/engine/native.ts';
import { BertForTokenClassification } from '../../../src/model/bert-for-token-classification.ts';
import { getOptimizerWithWeightDecay } from '../../../src/training/optimizer.ts';

const config = {
  vocabSize: 100,
  hiddenSize: 128,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  intermediateSize: 256,
  maxPositionEmbeddings: 64,
};
await using model = await BertForTokenClassification.fromConfig(config, {
  numLabels: 5,
  hiddenDropoutProb: 0.3,
  attentionProbsDropoutProb: 0.3,
  device: 'cpu',
});
const optimizer = getOptimizerWithWeightDecay({ model, optimizer: 'adamw', learningRate: 1e-3 });
const pieces = 8 * 64;
const batch = (seed: number) => ({
  inputIds: Int32Array.from({ length: pieces }, (_, i) => (i * i * 7 + seed) % config.vocabSize),
  labels: Int32Array.from({ length: pieces }, (_, i) => ((i * i * 7 + seed) % config.vocabSize) % 5),
  shape: [8, 64] as const,
});
const losses: number[] = [];
for (let step = 0; step < 5; step++) {
  losses.push(...(await model.trainStep([batch(step), batch(step + 50)], { optimizer, clipping: 1 })).losses);
}
console.log(JSON.stringify({ threads: loadNative().runtimeInfo().threads, losses }));
