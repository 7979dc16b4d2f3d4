import test from 'ava';
import type { PackedBatch } from '../../../src/batch.ts';
import { NativeError } from '../../../src/errors.ts';
import type { BertForTokenClassification } from '../../../src/model/bert-for-token-classification.ts';
import type { SplitEvent } from '../../../src/training/events.ts';
import { FittingSteps, type SteppedModel } from '../../../src/training/fitting-steps.ts';
import { getOptimizerWithWeightDecay } from '../../../src/training/optimizer.ts';
import { largestDifference, relativeDifference } from '../../support/numbers.ts';
import { loaderOf, sentences, smallModel } from '../../support/small-training.ts';

/** A model on a device that holds so many rows at once. */
function withMemoryFor(rows: number, model: BertForTokenClassification, device = 'cpu'): SteppedModel {
  return {
    device,
    trainPacked: async (batches, options, separate) => {
      const sizes = batches.map(({ boundaries }) => boundaries.length - 1);
      const atOnce = separate ? Math.max(...sizes) : sizes.reduce((sum, size) => sum + size, 0);
      if (atOnce > rows) {
        throw new NativeError('ERR_OUT_OF_MEMORY', 'CUDA out of memory');
      }
      return model.trainPacked(batches, options, separate);
    },
  };
}

async function drain<Result>(steps: AsyncGenerator<SplitEvent, Result>): Promise<[SplitEvent[], Result]> {
  const events: SplitEvent[] = [];
  for (;;) {
    const next = await steps.next();
    if (next.done) return [events, next.value];
    events.push(next.value);
  }
}

/** Two micro-batches: of 8 sentences and of 5. */
const batchesOf = (model: BertForTokenClassification): PackedBatch[] =>
  [...loaderOf(model, sentences(13), { batchSize: 8 })] as PackedBatch[];

test('separates micro-batches and halves them until they fit, keeps to it, and takes the same steps', async t => {
  await using whole = await smallModel();
  await using split = await smallModel();
  const [wholeAdam, splitAdam] = [whole, split].map(model =>
    getOptimizerWithWeightDecay({ model, optimizer: 'adamw', learningRate: 1e-2, weightDecay: 0.1 }),
  );
  if (!wholeAdam || !splitAdam) throw new Error('Expected two optimizers');
  const steps = new FittingSteps(withMemoryFor(3, split));
  for (let step = 1; step <= 4; step++) {
    const expected = await whole.trainStep(batchesOf(whole), { optimizer: wholeAdam, clipping: 1 });
    const [events, result] = await drain(
      steps.take(batchesOf(split), { optimizer: splitAdam, clipping: 1 }, step),
    );
    t.deepEqual(
      events,
      step > 1
        ? []
        : [
            { type: 'split', step: 1, parts: 1, rows: 8 },
            { type: 'split', step: 1, parts: 2, rows: 4 },
            { type: 'split', step: 1, parts: 4, rows: 2 },
          ],
    );
    t.is(result.losses.length, 2);
    for (const [i, loss] of expected.losses.entries()) {
      t.true(relativeDifference(result.losses[i] ?? Number.NaN, loss) <= 1e-5);
    }
    t.true(relativeDifference(result.loss, expected.loss) <= 1e-5);
    t.true(relativeDifference(result.gradNorm, expected.gradNorm) <= 1e-5);
    t.is(result.pieces, expected.pieces);
  }
  for (const { name } of whole.parameters()) {
    if (name.endsWith('key.bias')) continue; // Adam scales the rounding noise of their gradients up
    const difference = largestDifference(
      await split.session.readParameter(name),
      await whole.session.readParameter(name),
    );
    t.true(difference <= 2e-5, `${name}: ${difference}`);
  }
});

test('micro-batches that fit one by one are not halved, whatever the objective', async t => {
  await using model = await smallModel();
  const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 0 });
  const steps = new FittingSteps(withMemoryFor(8, model));
  const options = { optimizer, lossReduction: 'batch-mean' } as const;
  const [events, { losses }] = await drain(steps.take(batchesOf(model), options, 1));
  t.deepEqual(events, [{ type: 'split', step: 1, parts: 1, rows: 8 }]);
  t.is(losses.length, 2);
});

test('on a GPU, which computes micro-batches one by one anyway, they are halved at once', async t => {
  await using model = await smallModel();
  const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 0 });
  const steps = new FittingSteps(withMemoryFor(4, model, 'cuda:0'));
  const [events] = await drain(steps.take(batchesOf(model), { optimizer }, 1));
  t.deepEqual(events, [{ type: 'split', step: 1, parts: 2, rows: 4 }]);
});

test('a part without labels, and token types, go along', async t => {
  await using model = await smallModel();
  const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 0 });
  const batch: PackedBatch = {
    inputIds: Int32Array.of(2, 9, 3, 2, 8, 7, 3),
    tokenTypeIds: Int32Array.of(0, 0, 0, 0, 1, 1, 1),
    labels: Int32Array.of(-100, -100, -100, -100, 1, 2, -100),
    boundaries: Int32Array.of(0, 3, 7),
  };
  const expected = await model.trainStep(batch, { optimizer });
  const [events, result] = await drain(
    new FittingSteps(withMemoryFor(1, model)).take([batch], { optimizer }, 1),
  );
  t.is(events.length, 1);
  t.true(relativeDifference(result.loss, expected.loss) <= 1e-6);
  t.true(relativeDifference(result.gradNorm, expected.gradNorm) <= 1e-6);
});

test('what cannot be mended by halving is thrown as it is', async t => {
  await using model = await smallModel();
  const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 1e-2 });
  const before = await model.session.readParameter('classifier.weight');
  const failure = { instanceOf: NativeError, code: 'ERR_OUT_OF_MEMORY' };
  const batches = batchesOf(model);

  const none = new FittingSteps(withMemoryFor(0, model));
  await t.throwsAsync(drain(none.take(batches, { optimizer }, 1)), failure, 'single rows do not fit');

  const few = new FittingSteps(withMemoryFor(3, model));
  const step = few.take(batches, { optimizer, lossReduction: 'batch-mean' }, 1);
  await t.throwsAsync(drain(step), failure, 'another objective');

  const broken = new NativeError('ERR_TORCH', 'broken');
  const failing = new FittingSteps({ device: 'cpu', trainPacked: () => Promise.reject(broken) });
  t.is(await t.throwsAsync(drain(failing.take(batches, { optimizer }, 1))), broken);

  const full = new NativeError('ERR_OUT_OF_MEMORY', 'no room for moments');
  const ready = Promise.reject(full);
  const unmade = { learningRate: 1e-2, handle: { id: 7, ready } };
  t.is(await t.throwsAsync(drain(few.take(batches, { optimizer: unmade }, 1))), full);
  t.deepEqual(await model.session.readParameter('classifier.weight'), before);
});
