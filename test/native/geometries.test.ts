import { readFileSync } from 'node:fs';
import test from 'ava';
import { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';
import { getOptimizerWithWeightDecay } from '../../src/training/optimizer.ts';
import { attended, goldenBatch } from '../support/golden-batches.ts';
import { largestDifference, largestMagnitude, relativeDifference } from '../support/numbers.ts';
import { float32, readSafetensors } from '../support/safetensors.ts';
import { fixture } from '../support/shared.ts';
import { noDropout } from '../support/train-golden.ts';

interface Golden {
  cases: Record<
    string,
    { class_weights: number[]; loss: number; weighted_loss: number; weighted_grad_norm: number }
  >;
}

/* test/fixtures/make_native_golden.py says what each case has that the others lack. */
const golden: Golden = JSON.parse(readFileSync(fixture('native', 'golden.json'), 'utf8'));

for (const [name, expected] of Object.entries(golden.cases)) {
  const folder = fixture('native', name);
  const tensors = readSafetensors(fixture('native', name, 'golden.safetensors'));
  const batch = goldenBatch(tensors);
  const classWeights = Float32Array.from(expected.class_weights);

  test(`${name}: logits and loss are those of PyTorch`, async t => {
    await using model = await BertForTokenClassification.fromPretrained(folder);
    const { logits, loss } = await model.forward(batch);
    const labels = classWeights.length;
    const difference = largestDifference(
      attended(logits, batch, labels),
      attended(float32(tensors, 'logits'), batch, labels),
    );
    t.true(difference <= 1e-5);
    t.true(relativeDifference(loss ?? Number.NaN, expected.loss) <= 1e-6);
  });

  test(`${name}: every gradient of the weighted loss is that of PyTorch`, async t => {
    await using model = await BertForTokenClassification.fromPretrained(folder, {
      ...noDropout,
      classWeights,
    });
    const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 0 });
    const { loss, gradNorm } = await model.trainStep(batch, { optimizer });
    t.true(relativeDifference(loss, expected.weighted_loss) <= 1e-6);
    t.true(relativeDifference(gradNorm, expected.weighted_grad_norm) <= 1e-5);
    for (const { name: parameter } of model.parameters()) {
      const gradient = await model.session.readGradient(parameter);
      const reference = float32(tensors, `grad.${parameter}`);
      // The key biases' gradient is 0 but for rounding.
      const tolerance = parameter.endsWith('key.bias') ? 1e-6 : 1e-4 * largestMagnitude(reference);
      t.true(largestDifference(gradient, reference) <= tolerance, parameter);
    }
  });
}

test('the padding id gets no gradient where it stands among the pieces; without one, id 0 does', async t => {
  const rowZero = async (name: string) => {
    await using model = await BertForTokenClassification.fromPretrained(fixture('native', name), noDropout);
    const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 0 });
    const batch = goldenBatch(readSafetensors(fixture('native', name, 'golden.safetensors')));
    t.is(batch.inputIds[0], 0);
    await model.trainStep(batch, { optimizer });
    const gradient = await model.session.readGradient('bert.embeddings.word_embeddings.weight');
    return largestMagnitude(gradient.subarray(0, model.config.hiddenSize));
  };
  t.is(await rowZero('gelu-new'), 0);
  t.true((await rowZero('no-pad')) > 0.01);
});
