import test from 'ava';
import type { PackedBatch } from '../../src/batch.ts';
import { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';
import { getOptimizerWithWeightDecay } from '../../src/training/optimizer.ts';
import { packedOf } from '../support/golden-batches.ts';
import { gradientsOf } from '../support/model-values.ts';
import { largestDifference, largestMagnitude, relativeDifference } from '../support/numbers.ts';
import { microBatches, noDropout, tinyModel } from '../support/train-golden.ts';

/** Packed batches laid end to end. */
function joined(batches: PackedBatch[]): PackedBatch {
  const join = (arrays: (Int32Array | undefined)[]) =>
    Int32Array.from(arrays.flatMap(array => [...(array ?? [])]));
  const boundaries = [0];
  for (const batch of batches) {
    const start = boundaries.at(-1) ?? 0;
    boundaries.push(...batch.boundaries.subarray(1).map(boundary => start + boundary));
  }
  return {
    inputIds: join(batches.map(batch => batch.inputIds)),
    tokenTypeIds: join(batches.map(batch => batch.tokenTypeIds)),
    labels: join(batches.map(batch => batch.labels)),
    boundaries: Int32Array.from(boundaries),
  };
}

const parts = microBatches.map(packedOf);

/** A step at rate 0 over these batches, together or each by itself, and the gradients that it leaves. */
async function stepOver(
  batches: PackedBatch[],
  { separate, ...options }: { classWeights?: Float32Array; separate?: boolean } = {},
) {
  await using model = await BertForTokenClassification.fromPretrained(tinyModel, {
    ...noDropout,
    ...options,
  });
  const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 0 });
  const result = await model.trainPacked(batches, { optimizer }, separate);
  return { ...result, gradients: await gradientsOf(model) };
}

const classWeights = Float32Array.from({ length: 11 }, (_, i) => 0.2 + 0.3 * i);
for (const [how, options] of [
  ['', {}],
  [', each by itself', { separate: true }],
  [', with class weights', { classWeights }],
  [', each by itself, with class weights', { classWeights, separate: true }],
] as const) {
  test(`micro-batches with token-mean add up to the large batch${how}`, async t => {
    const small = await stepOver(parts, options);
    const large = await stepOver([joined(parts)], options);
    t.is(small.losses.length, 4);
    t.is(small.pieces, large.pieces);
    t.true(relativeDifference(small.loss, large.loss) <= 1e-6);
    t.true(relativeDifference(small.gradNorm, large.gradNorm) <= 1e-6);
    for (const [name, expected] of large.gradients) {
      const difference = largestDifference(small.gradients.get(name) ?? [], expected);
      t.true(difference <= 1e-6 * Math.max(largestMagnitude(expected), 0.1), name);
    }
  });
}

test('micro-batches computed together are the same step as each by itself, but for the masks of all but the first', async t => {
  /** The losses of the first step. */
  const losses = async (hiddenDropoutProb: number, separate: boolean) => {
    await using model = await BertForTokenClassification.fromPretrained(tinyModel, {
      ...noDropout,
      hiddenDropoutProb,
    });
    const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 0 });
    return (await model.trainPacked(parts, { optimizer }, separate)).losses;
  };
  for (const [dropout, expected] of [
    [0, [true, true, true, true]],
    [0.3, [true, false, false, false]],
  ] as const) {
    const separate = await losses(dropout, true);
    const together = await losses(dropout, false);
    t.deepEqual(
      together.map((loss, i) => relativeDifference(loss, separate[i] ?? Number.NaN) <= 1e-6),
      expected,
    );
  }
});

// More pieces than are computed at once; their mean is that of one copy.
const copies = Math.ceil(5000 / joined(parts).inputIds.length);
const long = joined(Array.from({ length: copies }, () => parts).flat());

test('a micro-batch that is computed in parts is the same step', async t => {
  const whole = await stepOver([long]);
  const once = await stepOver([joined(parts)]);
  t.is(whole.losses.length, 1);
  t.is(whole.pieces, long.inputIds.length);
  t.true(relativeDifference(whole.loss, once.loss) <= 1e-6);
  t.true(relativeDifference(whole.gradNorm, once.gradNorm) <= 1e-6);
  for (const [name, expected] of once.gradients) {
    const difference = largestDifference(whole.gradients.get(name) ?? [], expected);
    // Sums over thousands of pieces, in float32.
    t.true(difference <= 1e-5 * Math.max(largestMagnitude(expected), 0.1), `${name}: ${difference}`);
  }
});

test('with batch-mean a micro-batch that is computed in parts has one mean', async t => {
  await using model = await BertForTokenClassification.fromPretrained(tinyModel, noDropout);
  const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 0 });
  const [short] = parts as [PackedBatch];
  const { losses } = await model.trainStep([long, short], { optimizer, lossReduction: 'batch-mean' });
  t.is(losses.length, 2);
  for (const [i, batch] of [joined(parts), short].entries()) {
    t.true(relativeDifference(losses[i] ?? Number.NaN, (await model.forward(batch)).loss ?? 0) <= 1e-6);
  }
});

test('with batch-mean each micro-batch brings its own mean', async t => {
  await using model = await BertForTokenClassification.fromPretrained(tinyModel, noDropout);
  const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 0 });
  const { losses } = await model.trainStep(parts, { optimizer, lossReduction: 'batch-mean' });
  for (const [i, part] of parts.entries()) {
    t.true(relativeDifference(losses[i] ?? Number.NaN, (await model.forward(part)).loss ?? 0) <= 1e-6);
  }
});

test('micro-batches with and without token types and labels go together', async t => {
  const [first, second, third] = parts as [PackedBatch, PackedBatch, PackedBatch];
  const zeros = (batch: PackedBatch) => new Int32Array(batch.inputIds.length);
  const { inputIds, boundaries, labels } = second;
  const bare = { inputIds, boundaries, ...(labels && { labels }) };
  const unlabelled = { inputIds: third.inputIds, boundaries: third.boundaries };
  const typed = { ...first, tokenTypeIds: zeros(first).fill(1) };
  const whole = await stepOver([
    typed,
    { ...bare, tokenTypeIds: zeros(second) },
    { ...unlabelled, tokenTypeIds: zeros(third), labels: zeros(third).fill(-100) },
  ]);
  const mixed = await stepOver([typed, bare, unlabelled]);
  t.deepEqual(mixed.losses, whole.losses);
  t.deepEqual(mixed.gradients, whole.gradients);
});

test('a micro-batch without labels adds nothing to a step', async t => {
  const [first, second] = parts as [PackedBatch, PackedBatch];
  const unlabelled = { ...second, labels: new Int32Array(second.inputIds.length).fill(-100) };
  const alone = await stepOver([first]);
  const separate = await stepOver([unlabelled, first], { separate: true });
  t.deepEqual(separate.losses, [0, ...alone.losses]);
  t.deepEqual(separate.gradients, alone.gradients);
  const together = await stepOver([unlabelled, first]);
  t.is(together.losses[0], 0);
  t.true(relativeDifference(together.losses[1] ?? Number.NaN, alone.loss) <= 1e-6);
  for (const [name, expected] of alone.gradients) {
    const difference = largestDifference(together.gradients.get(name) ?? [], expected);
    t.true(difference <= 1e-6 * Math.max(largestMagnitude(expected), 0.1), name);
  }
});
