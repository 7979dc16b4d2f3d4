import test from 'ava';
import { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';
import { getOptimizerWithWeightDecay } from '../../src/training/optimizer.ts';
import { packedOf } from '../support/golden-batches.ts';
import { gradientsOf } from '../support/model-values.ts';
import { largestDifference, largestMagnitude, relativeDifference } from '../support/numbers.ts';
import { float32 } from '../support/safetensors.ts';
import { microBatches, noDropout, tinyModel, trainGolden, trainTensors } from '../support/train-golden.ts';

const [first] = microBatches;
const { zero_gradient_in_theory: keyBiases, first_micro_batch: golden } = trainGolden;

test('the gradients of every parameter are those of PyTorch', async t => {
  await using model = await BertForTokenClassification.fromPretrained(tinyModel, noDropout);
  const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 0 });
  const { loss, losses, gradNorm, pieces } = await model.trainStep([first], { optimizer });
  t.true(relativeDifference(loss, golden.loss) <= 2e-5);
  t.deepEqual(losses, [loss]);
  t.true(relativeDifference(gradNorm, golden.grad_norm) <= 1e-4);
  t.is(pieces, packedOf(first).inputIds.length);

  const gradients = await gradientsOf(model);
  t.deepEqual(
    [...gradients.keys()],
    trainGolden.parameters.map(({ name }) => name),
  );
  for (const [name, gradient] of gradients) {
    const expected = float32(trainTensors, `grad.${name}`);
    // Softmax does not see the key biases: their gradient is rounding noise.
    const tolerance = keyBiases.includes(name) ? 1e-6 : 1e-4 * largestMagnitude(expected);
    t.true(largestDifference(gradient, expected) <= tolerance, name);
  }
});

test('padded and packed micro-batches give the same bits', async t => {
  await using padded = await BertForTokenClassification.fromPretrained(tinyModel, noDropout);
  await using packed = await BertForTokenClassification.fromPretrained(tinyModel, noDropout);
  for (const [model, batch] of [
    [padded, first],
    [packed, packedOf(first)],
  ] as const) {
    await model.trainStep(batch, { optimizer: getOptimizerWithWeightDecay({ model, learningRate: 1e-3 }) });
  }
  t.deepEqual(await gradientsOf(padded), await gradientsOf(packed));
});

test('a step begins from zero gradients, whether the last one came to its end or not', async t => {
  await using model = await BertForTokenClassification.fromPretrained(tinyModel, noDropout);
  const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 0 });
  const clean = await model.trainStep(first, { optimizer });
  const gradients = await gradientsOf(model);
  await model.trainStep([...microBatches], { optimizer, clipping: 0.5 });
  const unlabelled = { ...first, labels: new Int32Array(first.labels.length).fill(-100) };
  await t.throwsAsync(model.trainStep([unlabelled], { optimizer }));
  t.deepEqual(await model.trainStep(first, { optimizer }), clean);
  t.deepEqual(await gradientsOf(model), gradients);
});
