import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { PackedBatch } from '../../../src/batch.ts';
import { OptionError } from '../../../src/errors.ts';
import { LRFinder } from '../../../src/training/lr-finder.ts';
import { getOptimizerWithWeightDecay } from '../../../src/training/optimizer.ts';
import type { RangeTestOptions } from '../../../src/training/range-test.ts';
import { getLinearScheduleWithWarmup } from '../../../src/training/schedules.ts';
import { loaderOf, sentences, smallModel } from '../../support/small-training.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const refusal = (message: RegExp) => ({ instanceOf: OptionError, message });

test('an optimizer with a schedule, or of another model, is refused', async t => {
  await using model = await smallModel();
  await using other = await smallModel();
  const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 1e-3 });
  t.throws(() => new LRFinder(other, optimizer), refusal(/for this model for optimizer/));
  t.throws(() => new LRFinder({} as typeof model, optimizer), refusal(/for model/));
  const finder = new LRFinder(model, optimizer);
  getLinearScheduleWithWarmup({ optimizer, numWarmupSteps: 1, numTrainingSteps: 2 });
  t.throws(() => new LRFinder(model, optimizer), refusal(/without a schedule for optimizer/));
  const trainLoader = loaderOf(model, sentences(4));
  await t.throwsAsync(finder.rangeTest({ trainLoader }), refusal(/without a schedule for optimizer/));
});

test('options that cannot be used are refused by name', async t => {
  await using model = await smallModel();
  const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 1e-3 });
  const finder = new LRFinder(model, optimizer);
  const trainLoader = [...loaderOf(model, sentences(8))];
  const bad: [options: object, message: RegExp][] = [
    [{ trainLoader: undefined }, /for trainLoader/],
    [{ valLoader: trainLoader.values() }, /a generator/],
    [{ startLr: 0 }, /above 0 for startLr/],
    [{ endLr: 1e-4 }, /a rate above startLr, 0\.001, for endLr/],
    [{ numIter: 1 }, /at least 2 for numIter/],
    [{ stepMode: 'log' }, /"exp", "linear" for stepMode/],
    [{ smoothF: 1 }, /below 1 for smoothF/],
    [{ divergeTh: 0.5 }, /for divergeTh/],
    [{ accumulationSteps: 0 }, /for accumulationSteps/],
    [{ iterations: 3 }, /only the options/],
  ];
  for (const [options, message] of bad) {
    const given = { trainLoader, ...options } as RangeTestOptions;
    await t.throwsAsync(finder.rangeTest(given), refusal(message));
  }
  t.throws(() => new LRFinder(model, optimizer, { clipping: 0 }), refusal(/clipping/));
});

test('any iterable of batches serves; one that ends for good is named when it does', async t => {
  await using model = await smallModel();
  const finder = new LRFinder(model, getOptimizerWithWeightDecay({ model, learningRate: 1e-3 }));
  const batches = [...loaderOf(model, sentences(12))];
  await finder.rangeTest({ trainLoader: batches.values(), numIter: 3 });
  t.is(finder.history.loss.length, 3);
  await t.throwsAsync(
    finder.rangeTest({ trainLoader: batches.values(), numIter: 4 }),
    refusal(/gone through again for trainLoader but received "a generator that ended after 3"\. .*array/),
  );
  const unlabelled = (batches as PackedBatch[]).map(({ inputIds, boundaries }) => ({ inputIds, boundaries }));
  await t.throwsAsync(
    finder.rangeTest({ trainLoader: unlabelled }),
    refusal(/at least one labelled word for trainLoader/),
  );
  await finder.rangeTest({ trainLoader: [...unlabelled, ...batches], numIter: 4, divergeTh: 1e9 });
  t.is(finder.history.loss.length, 4, 'batches without labels are passed over');
});

test('plot writes both forms of the figure, and refuses a test that is too short', async t => {
  const folder = await temporaryFolder(t);
  await using model = await smallModel();
  const finder = new LRFinder(model, getOptimizerWithWeightDecay({ model, learningRate: 1e-4 }));
  const path = join(folder, 'curve.png');
  await t.throwsAsync(finder.plot(path), refusal(/at least 17 iterations/));
  await finder.rangeTest({ trainLoader: loaderOf(model, sentences(16)), endLr: 1, numIter: 30 });
  await finder.plot(path, { method: 'valley', theme: 'dark' });
  await finder.plot(join(folder, 'plain'), { showLr: null, skipStart: 0, skipEnd: 0 });
  t.deepEqual((await readdir(folder)).sort(), ['curve.png', 'curve.svg', 'plain.png', 'plain.svg']);
});
