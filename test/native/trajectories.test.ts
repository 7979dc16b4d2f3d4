import test from 'ava';
import type { PaddedBatch } from '../../src/batch.ts';
import { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';
import { getOptimizerWithWeightDecay } from '../../src/training/optimizer.ts';
import { largestDifference, relativeDifference } from '../support/numbers.ts';
import { float32 } from '../support/safetensors.ts';
import { microBatches, noDropout, tinyModel, trainGolden, trainTensors } from '../support/train-golden.ts';

interface Trajectory {
  optimizer: 'adam' | 'adamw';
  lossReduction: 'token-mean' | 'batch-mean';
  clipping?: number;
  dtype?: 'bfloat16';
  /** Relative tolerances. */
  loss: number;
  gradNorm: number;
}

const trajectories: Record<'adam_l2_sum_clip' | 'adamw_token_mean' | 'bf16_autocast', Trajectory> = {
  adam_l2_sum_clip: {
    optimizer: 'adam',
    lossReduction: 'batch-mean',
    clipping: 1,
    loss: 2e-5,
    gradNorm: 1e-4,
  },
  adamw_token_mean: { optimizer: 'adamw', lossReduction: 'token-mean', loss: 2e-5, gradNorm: 1e-4 },
  bf16_autocast: {
    optimizer: 'adam',
    lossReduction: 'batch-mean',
    clipping: 1,
    dtype: 'bfloat16',
    loss: 0.03,
    gradNorm: 0.1,
  },
};

for (const name of ['adam_l2_sum_clip', 'adamw_token_mean', 'bf16_autocast'] as const) {
  const { optimizer: kind, dtype, loss, gradNorm, ...step } = trajectories[name];
  const golden = trainGolden.trajectories[name];

  test(`${name}: ${dtype ? 'losses and norms' : 'losses, norms and final parameters'} are those of PyTorch`, async t => {
    await using model = await BertForTokenClassification.fromPretrained(tinyModel, { ...noDropout, dtype });
    const optimizer = getOptimizerWithWeightDecay({
      model,
      optimizer: kind,
      learningRate: 5e-3,
      weightDecay: 0.01,
    });
    for (const [k, expected] of golden.steps.entries()) {
      const batches: PaddedBatch[] = expected.micro_batches.map(i => microBatches[i] ?? microBatches[0]);
      const result = await model.trainStep(batches, { optimizer, learningRate: expected.lr, ...step });
      t.is(result.losses.length, expected.losses.length);
      for (const [i, value] of expected.losses.entries()) {
        t.true(relativeDifference(result.losses[i] ?? Number.NaN, value) <= loss, `step ${k}: loss ${i}`);
      }
      t.true(relativeDifference(result.loss, expected.loss) <= loss, `step ${k}: loss`);
      t.true(relativeDifference(result.gradNorm, expected.grad_norm) <= gradNorm, `step ${k}: norm`);
    }
    if (dtype === 'bfloat16') return; // losses only: its kernels depend on the CPU
    for (const parameter of trainGolden.parameters) {
      // Adam scales the rounding noise of the key biases' gradients up to full steps.
      if (trainGolden.zero_gradient_in_theory.includes(parameter.name)) continue;
      const final = await model.session.readParameter(parameter.name);
      const expected = float32(trainTensors, `final.${name}.${parameter.name}`);
      t.true(largestDifference(final, expected) <= 5e-5, parameter.name);
    }
  });
}

test('in bfloat16 the parameters stay float32', async t => {
  await using model = await BertForTokenClassification.fromPretrained(tinyModel, { dtype: 'bfloat16' });
  await using plain = await BertForTokenClassification.fromPretrained(tinyModel);
  for (const { name } of model.parameters()) {
    t.deepEqual(await model.session.readParameter(name), await plain.session.readParameter(name), name);
  }
});
