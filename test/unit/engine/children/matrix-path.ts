/* Prints the matrix path of a model, and its loss after three steps. */
import { BertForTokenClassification } from '../../../../src/model/bert-for-token-classification.ts';
import { getOptimizerWithWeightDecay } from '../../../../src/training/optimizer.ts';

const config = {
  vocabSize: 50,
  hiddenSize: 256, // smaller ones always go to ATen
  numHiddenLayers: 1,
  numAttentionHeads: 4,
  intermediateSize: 512,
  maxPositionEmbeddings: 64,
};
await using model = await BertForTokenClassification.fromConfig(config, { numLabels: 3, device: 'cpu' });
const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 1e-3 });
const pieces = 100;
const batch = {
  inputIds: Int32Array.from({ length: pieces }, (_, i) => (i * 7) % config.vocabSize),
  labels: Int32Array.from({ length: pieces }, (_, i) => i % 3),
  boundaries: Int32Array.of(0, 60, pieces),
};
let loss = 0;
for (let step = 0; step < 3; step++) ({ loss } = await model.trainStep([batch], { optimizer }));
console.log(JSON.stringify({ matrixPath: model.session.matrixPath, loss }));
