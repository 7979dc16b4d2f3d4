import { readFileSync } from 'node:fs';
import test from 'ava';
import { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';
import { checkpoint } from '../support/checkpoints.ts';
import { attended, goldenBatch, packedOf } from '../support/golden-batches.ts';
import { largestDifference } from '../support/numbers.ts';
import { float32, int32, readSafetensors } from '../support/safetensors.ts';
import { fixture } from '../support/shared.ts';
import { tinyModel } from '../support/train-golden.ts';

interface ForwardGolden {
  loss: number;
  weighted_loss: number;
  rounded_weights: Record<'fp16' | 'bf16', { loss: number; argmax: number[][] }>;
}

const golden: ForwardGolden = JSON.parse(readFileSync(fixture('goldens', 'forward.json'), 'utf8'));
const tensors = readSafetensors(fixture('goldens', 'forward.safetensors'));
const batch = goldenBatch(tensors);
const packed = packedOf(batch);
const [rows, length] = batch.shape;
const labels = 11;
const hidden = 32;

/** Of each position with `width` values, the index of the largest. */
function argmax(values: Float32Array, width: number): number[] {
  return Array.from({ length: values.length / width }, (_, i) => {
    const scores = values.subarray(i * width, (i + 1) * width);
    return scores.indexOf(Math.max(...scores));
  });
}

test('logits, their largest and the loss are those of PyTorch', async t => {
  await using model = await BertForTokenClassification.fromPretrained(tinyModel);
  const { logits, shape, loss } = await model.forward(packed);
  const expected = attended(float32(tensors, 'logits'), batch, labels);
  t.deepEqual(shape, [packed.inputIds.length, labels]);
  t.true(largestDifference(logits, expected) <= 1e-5);
  t.deepEqual(argmax(logits, labels), Array.from(attended(int32(tensors, 'argmax'), batch)));
  t.true(largestDifference([loss ?? Number.NaN], [golden.loss]) <= 1e-6);
});

test('a padded batch gives the same bits, in its own form, and 0 at padding', async t => {
  await using model = await BertForTokenClassification.fromPretrained(tinyModel);
  const whole = await model.forward(packed);
  const { logits, shape, loss } = await model.forward(batch);
  t.deepEqual(shape, [rows, length, labels]);
  t.deepEqual(attended(logits, batch, labels), whole.logits);
  t.is(loss, whole.loss);
  const padding = logits.filter((_, i) => batch.attentionMask[Math.floor(i / labels)] === 0);
  t.is(padding.length, (rows * length - packed.inputIds.length) * labels);
  t.true(padding.every(value => value === 0));
});

test('a sequence alone gives what it gives beside others', async t => {
  await using model = await BertForTokenClassification.fromPretrained(tinyModel);
  const { logits } = await model.forward(packed);
  for (let row = 0; row < rows; row++) {
    const [start = 0, end = 0] = packed.boundaries.subarray(row, row + 2);
    const alone = await model.forward({
      inputIds: packed.inputIds.subarray(start, end),
      tokenTypeIds: packed.tokenTypeIds?.subarray(start, end) ?? new Int32Array(),
      boundaries: Int32Array.of(0, end - start),
    });
    t.true(largestDifference(alone.logits, logits.subarray(start * labels, end * labels)) <= 1e-5);
  }
});

test('the output of the embeddings and of each layer is that of PyTorch', async t => {
  await using model = await BertForTokenClassification.fromPretrained(tinyModel);
  const { hiddenStates } = await model.session.forward(packed, true);
  t.is(hiddenStates.length, 3);
  for (const [i, state] of hiddenStates.entries()) {
    const expected = attended(float32(tensors, `hidden_states.${i}`), batch, hidden);
    t.true(largestDifference(state, expected) <= 1e-5, `hidden state ${i}`);
  }
  t.deepEqual((await model.session.forward(packed)).hiddenStates, []);
});

test('class weights weigh the loss and divide it by their sum', async t => {
  const classWeights = float32(tensors, 'class_weights');
  await using model = await BertForTokenClassification.fromPretrained(tinyModel, { classWeights });
  const { loss } = await model.forward(packed);
  t.true(largestDifference([loss ?? Number.NaN], [golden.weighted_loss]) <= 1e-6);
});

test('without labels there is no loss; without mask and types they are ones and zeros', async t => {
  await using model = await BertForTokenClassification.fromPretrained(tinyModel);
  const { inputIds, shape } = batch;
  const bare = await model.forward({ inputIds, shape });
  const spelt = await model.forward({
    inputIds,
    attentionMask: new Int32Array(rows * length).fill(1),
    tokenTypeIds: new Int32Array(rows * length),
    labels: new Int32Array(rows * length).fill(-100),
    shape,
  });
  t.deepEqual(bare, spelt);
  t.false('loss' in bare);
});

for (const type of ['fp16', 'bf16'] as const) {
  test(`weights stored as ${type} are widened`, async t => {
    await using model = await BertForTokenClassification.fromPretrained(checkpoint(`${type}-safetensors`));
    const { logits, loss } = await model.forward(packed);
    t.true(
      largestDifference(logits, attended(float32(tensors, `${type}_weights.logits`), batch, labels)) <= 1e-5,
    );
    t.true(largestDifference([loss ?? Number.NaN], [golden.rounded_weights[type].loss]) <= 1e-6);
    const { hiddenStates } = await model.session.forward(packed, true);
    const last = attended(float32(tensors, `${type}_weights.last_hidden_state`), batch, hidden);
    t.true(largestDifference(hiddenStates.at(-1) ?? [], last) <= 1e-5);
  });
}

test('evaluation ignores dropout', async t => {
  await using model = await BertForTokenClassification.fromPretrained(tinyModel, {
    hiddenDropoutProb: 0.5,
    attentionProbsDropoutProb: 0.5,
  });
  const { logits } = await model.forward(packed);
  t.true(largestDifference(logits, attended(float32(tensors, 'logits'), batch, labels)) <= 1e-5);
});

test('predictLabelled answers at labelled pieces alone, with sums of loss and weight', async t => {
  const classWeights = float32(tensors, 'class_weights');
  await using model = await BertForTokenClassification.fromPretrained(tinyModel, { classWeights });
  const { predictions, lossSum, lossWeight } = await model.predictLabelled(batch);
  const labelled = (_: number, i: number) => batch.labels[i] !== -100;
  t.deepEqual(predictions, int32(tensors, 'argmax').filter(labelled));
  const weight = batch.labels.filter(labelled).reduce((sum, label) => sum + (classWeights[label] ?? 0), 0);
  t.true(Math.abs(lossWeight - weight) <= 1e-5);
  t.true(Math.abs(lossSum / lossWeight - golden.weighted_loss) <= 1e-6);
});

test('predictLabelled of a batch without a label is empty', async t => {
  await using model = await BertForTokenClassification.fromPretrained(tinyModel);
  const expected = { predictions: new Int32Array(), lossSum: 0, lossWeight: 0 };
  const { inputIds, boundaries } = packed;
  t.deepEqual(await model.predictLabelled({ inputIds, boundaries }), expected);
  const unlabelled = new Int32Array(inputIds.length).fill(-100);
  t.deepEqual(await model.predictLabelled({ ...packed, labels: unlabelled }), expected);
});
