import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { CheckpointError, DisposedError } from '../../src/errors.ts';
import { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';
import { loadTrainingState, saveTrainingState, trainingStateBytes } from '../../src/model/training-state.ts';
import { getOptimizerWithWeightDecay, type OptimizerOptions } from '../../src/training/optimizer.ts';
import { parametersOf } from '../support/model-values.ts';
import { float32, readSafetensors } from '../support/safetensors.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { microBatches, tinyModel } from '../support/train-golden.ts';

const dropout = { hiddenDropoutProb: 0.2, attentionProbsDropoutProb: 0.2, classifierDropout: 0.2 };

async function modelWithAdam(options: Partial<OptimizerOptions> & { dtype?: 'bfloat16' } = {}) {
  const { dtype, ...others } = options;
  const model = await BertForTokenClassification.fromPretrained(tinyModel, {
    ...dropout,
    dtype,
    device: 'cpu',
  });
  return { model, optimizer: getOptimizerWithWeightDecay({ model, learningRate: 5e-3, ...others }) };
}

const kinds = [
  { optimizer: 'adam', weightDecay: 0.01 },
  { optimizer: 'adamw', weightDecay: 0.1 },
  { optimizer: 'adam', dtype: 'bfloat16' },
] as const;

for (const options of kinds) {
  test(`${JSON.stringify(options)}: training goes on in another model as in the first, bit for bit`, async t => {
    const folder = await temporaryFolder(t);
    const first = await modelWithAdam(options);
    const second = await modelWithAdam(options);
    for (const batch of microBatches) await first.model.trainStep(batch, { optimizer: first.optimizer });
    const state = await saveTrainingState(first.model, first.optimizer.handle, folder);
    t.deepEqual(state, { steps: 4, updates: 4 });
    await loadTrainingState(second.model, second.optimizer.handle, folder, state);
    for (const batch of microBatches) {
      const batches = [batch, microBatches[0]];
      const expected = await first.model.trainStep(batches, { optimizer: first.optimizer });
      t.deepEqual(await second.model.trainStep(batches, { optimizer: second.optimizer }), expected);
    }
    t.deepEqual(await parametersOf(second.model), await parametersOf(first.model));
    await first.model.dispose();
    await second.model.dispose();
  });
}

test('after one step the moments are the gradients, scaled as Adam defines', async t => {
  const folder = await temporaryFolder(t);
  const { model, optimizer } = await modelWithAdam({ betas: [0.75, 0.5] });
  await model.trainStep(microBatches[0], { optimizer });
  await saveTrainingState(model, optimizer.handle, folder);
  const tensors = readSafetensors(join(folder, 'optimizer.safetensors'));
  t.is(Object.keys(tensors).length, 2 * model.parameters().length);
  for (const { name } of model.parameters()) {
    const gradient = await model.session.readGradient(name);
    // (1 - 0.75) g and (1 - 0.5) g²: exact but for the rounding of the square
    t.deepEqual(
      float32(tensors, `exp_avg.${name}`),
      gradient.map(g => g * 0.25),
      name,
    );
    const squares = float32(tensors, `exp_avg_sq.${name}`);
    t.true(
      gradient.every((g, i) => Math.abs((squares[i] ?? -1) - 0.5 * g * g) <= 1e-6 * g * g),
      name,
    );
  }
  const weights = await readFile(join(folder, 'model.safetensors'));
  const moments = await readFile(join(folder, 'optimizer.safetensors'));
  t.true(weights.length + moments.length - trainingStateBytes(model) < 16_384);
  await model.dispose();
});

test('a damaged or foreign state is refused before anything is taken over', async t => {
  const folder = await temporaryFolder(t);
  const { model, optimizer } = await modelWithAdam();
  const state = await saveTrainingState(model, optimizer.handle, folder);
  const before = await parametersOf(model);
  const refusal = (message: RegExp) => ({ instanceOf: CheckpointError, message });
  const load = () => loadTrainingState(model, optimizer.handle, folder, state);
  const path = join(folder, 'optimizer.safetensors');
  const whole = await readFile(path);
  await truncate(path, whole.length - 1);
  await t.throwsAsync(load(), refusal(/optimizer\.safetensors: the data are cut off/));
  await writeFile(
    path,
    whole.toString('latin1').replace('exp_avg.classifier', 'exp_avg.klassifier'),
    'latin1',
  );
  await t.throwsAsync(load(), refusal(/expected exp_avg\.classifier\.\w+ as float32 .* no such tensor/));
  const small = await BertForTokenClassification.fromPretrained(tinyModel, { numLabels: 3 });
  const adam = getOptimizerWithWeightDecay({ model: small, learningRate: 1 });
  await t.throwsAsync(
    loadTrainingState(small, adam.handle, folder, state),
    refusal(/expected classifier\.weight/),
  );
  t.deepEqual(await parametersOf(model), before);
  await optimizer.dispose();
  await writeFile(path, whole);
  await t.throwsAsync(load(), { instanceOf: DisposedError });
  await model.dispose();
});
