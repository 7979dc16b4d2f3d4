/*
 * Evaluates PyTorch's batch many times over, so that threads share its sequences; prints how many threads there were and
 * the largest differences from PyTorch's numbers.
 */
import { loadNative } from '../../../src/engine/native.ts';
import { BertForTokenClassification } from '../../../src/model/bert-for-token-classification.ts';
import { attended, goldenBatch, packedOf } from '../../support/golden-batches.ts';
import { largestDifference } from '../../support/numbers.ts';
import { float32, int32, readSafetensors } from '../../support/safetensors.ts';
import { fixture } from '../../support/shared.ts';
import { tinyModel } from '../../support/train-golden.ts';

const TIMES = 307; // a prime, so that no two shares are alike

const tensors = readSafetensors(fixture('goldens', 'forward.safetensors'));
const batch = goldenBatch(tensors);
const packed = packedOf(batch);
const pieces = packed.inputIds.length;
const [rows] = batch.shape;

const repeated = (values: ArrayLike<number> = []): number[] =>
  Array.from({ length: TIMES * values.length }, (_, i) => values[i % values.length] ?? Number.NaN);
const large = {
  inputIds: Int32Array.from(repeated(packed.inputIds)),
  tokenTypeIds: Int32Array.from(repeated(packed.tokenTypeIds)),
  labels: Int32Array.from(repeated(packed.labels)),
  boundaries: Int32Array.from(
    { length: TIMES * rows + 1 },
    (_, i) => Math.floor(i / rows) * pieces + (packed.boundaries[i % rows] ?? 0),
  ),
};
const expected = (name: string, width: number): number[] =>
  repeated(attended(float32(tensors, name), batch, width));

await using model = await BertForTokenClassification.fromPretrained(tinyModel);
const { logits, lossSum, lossWeight, hiddenStates } = await model.session.forward(large, true);
const labelled = await model.predictLabelled(large);
const best = int32(tensors, 'argmax').filter((_, i) => batch.labels[i] !== -100);
console.log(
  JSON.stringify({
    threads: loadNative().runtimeInfo().threads,
    logits: largestDifference(logits, expected('logits', 11)),
    hiddenStates: hiddenStates.map((state, i) =>
      largestDifference(state, expected(`hidden_states.${i}`, 32)),
    ),
    loss: lossSum / lossWeight,
    predictions: largestDifference(labelled.predictions, repeated(best)),
    labelledLoss: labelled.lossSum / labelled.lossWeight,
    labelledPieces: [labelled.lossWeight, labelled.predictions.length, TIMES * best.length],
  }),
);
