import { readFileSync } from 'node:fs';
import test from 'ava';
import type { PaddedBatch } from '../../src/batch.ts';
import { DisposedError, OptionError } from '../../src/errors.ts';
import { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';
import { BertForTokenClassificationCustom } from '../../src/model/bert-for-token-classification-custom.ts';
import { LRFinder } from '../../src/training/lr-finder.ts';
import { getOptimizerWithWeightDecay, type Optimizer } from '../../src/training/optimizer.ts';
import { relativeDifference } from '../support/numbers.ts';
import { fixture } from '../support/shared.ts';
import { loaderOf, sentences, smallModel } from '../support/small-training.ts';
import { noDropout, tinyModel } from '../support/train-golden.ts';

interface GoldenCase {
  name: string;
  settings: {
    accumulation_steps: number;
    diverge_th: number;
    end_lr: number;
    num_iter: number;
    optimizer: 'Adam' | 'AdamW' | 'SGD';
    smooth_f: number;
    start_lr: number;
    step_mode: 'exp' | 'linear';
    weight_decay: number;
  };
  lr: number[];
  loss: number[];
  stopped_early: boolean;
  suggestions: { skip_start: number; skip_end: number; lr: number | { error: { message: string } } }[];
  yardstick: { loss_rel: number[] };
}

type GoldenRows = Record<'input_ids' | 'attention_mask' | 'token_type_ids' | 'labels', number[][]>;

const golden: { batches: GoldenRows[]; cases: GoldenCase[] } = JSON.parse(
  readFileSync(fixture('goldens', 'lr_finder.json'), 'utf8'),
);

const goldenBatches: PaddedBatch[] = golden.batches.map(rows => ({
  inputIds: Int32Array.from(rows.input_ids.flat()),
  attentionMask: Int32Array.from(rows.attention_mask.flat()),
  tokenTypeIds: Int32Array.from(rows.token_type_ids.flat()),
  labels: Int32Array.from(rows.labels.flat()),
  shape: [rows.input_ids.length, rows.input_ids[0]?.length ?? 0],
}));

for (const { name, settings, lr, loss, stopped_early, suggestions, yardstick } of golden.cases) {
  if (settings.optimizer === 'SGD') continue; // not offered
  test(`${name}: rates, losses and suggestions are pytorch-lr-finder's`, async t => {
    await using model = await BertForTokenClassification.fromPretrained(tinyModel, noDropout);
    const optimizer = getOptimizerWithWeightDecay({
      model,
      optimizer: settings.optimizer === 'Adam' ? 'adam' : 'adamw',
      learningRate: settings.start_lr,
      weightDecay: settings.weight_decay,
    });
    const finder = new LRFinder(model, optimizer);
    await finder.rangeTest({
      trainLoader: goldenBatches,
      endLr: settings.end_lr,
      numIter: settings.num_iter,
      stepMode: settings.step_mode,
      smoothF: settings.smooth_f,
      divergeTh: settings.diverge_th,
      accumulationSteps: settings.accumulation_steps,
    });
    t.is(finder.history.lr.length, lr.length);
    t.is(finder.history.loss.length, loss.length);
    for (const [i, expected] of lr.entries()) {
      t.true(relativeDifference(finder.history.lr[i] ?? Number.NaN, expected) <= 1e-12, `rate ${i}`);
      const tolerance = Math.max(1e-4, 20 * (yardstick.loss_rel[i] ?? 0));
      const difference = relativeDifference(finder.history.loss[i] ?? Number.NaN, loss[i] ?? Number.NaN);
      t.true(difference <= tolerance, `loss ${i}: ${difference}`);
    }
    t.is(finder.ended, stopped_early ? 'diverged' : 'done');
    for (const { skip_start: skipStart, skip_end: skipEnd, lr: expected } of suggestions) {
      if (typeof expected === 'number') {
        const suggested = finder.suggestion({ skipStart, skipEnd });
        t.is(finder.history.lr.indexOf(suggested), lr.indexOf(expected), `${skipStart}, ${skipEnd}`);
      } else {
        const needed = /at least (\d+) iterations/.exec(expected.error.message)?.[1];
        t.throws(() => finder.suggestion({ skipStart, skipEnd }), {
          instanceOf: OptionError,
          message: new RegExp(`at least ${needed} iterations`),
        });
      }
    }
  });
}

const dropout = { hiddenDropoutProb: 0.2, attentionProbsDropoutProb: 0.1, classifierDropout: 0.3 };
const adam = (model: BertForTokenClassification): Optimizer =>
  getOptimizerWithWeightDecay({ model, learningRate: 1e-3, weightDecay: 0.01 });

async function parametersOf(model: BertForTokenClassification): Promise<Float32Array[]> {
  return Promise.all(model.parameters().map(({ name }) => model.session.readParameter(name)));
}

async function trainingLosses(
  model: BertForTokenClassification,
  optimizer: Optimizer,
  loader: ReturnType<typeof loaderOf>,
): Promise<number[]> {
  const losses: number[] = [];
  for (let epoch = 0; epoch < 2; epoch++) {
    for (const batch of loader) losses.push((await model.trainStep(batch, { optimizer })).loss);
  }
  return losses;
}

test('training after a finder run and a reset is exactly training without it', async t => {
  const data = sentences(24);
  const shuffled = (model: BertForTokenClassification) => loaderOf(model, data, { shuffle: true });

  await using untouched = await smallModel(dropout);
  const expected = await trainingLosses(untouched, adam(untouched), shuffled(untouched));

  await using model = await smallModel(dropout);
  const optimizer = adam(model);
  const loader = shuffled(model);
  const finder = new LRFinder(model, optimizer);
  await finder.rangeTest({ trainLoader: loader, startLr: 1e-4, endLr: 1, numIter: 15 });
  t.is(finder.history.lr.length, 15);
  await finder.reset();
  t.deepEqual(await trainingLosses(model, optimizer, loader), expected);
  t.deepEqual(await parametersOf(model), await parametersOf(untouched));

  await finder.reset();
  t.deepEqual(await trainingLosses(model, optimizer, shuffled(model)), expected, 'a second reset');
});

test('reset also brings back what an optimizer had learnt before, after an error and an abort', async t => {
  await using model = await smallModel(dropout);
  const optimizer = adam(model);
  const loader = loaderOf(model, sentences(16));
  const [first, second] = [...loader];
  if (!first || !second) throw new Error('Expected two batches');
  for (let i = 0; i < 3; i++) await model.trainStep(first, { optimizer });
  const finder = new LRFinder(model, optimizer);
  const before = await parametersOf(model);
  const next = await model.trainStep(second, { optimizer });
  const after = await parametersOf(model);

  const bad = { inputIds: Int32Array.of(99999), labels: Int32Array.of(0), shape: [1, 1] as const };
  await t.throwsAsync(finder.rangeTest({ trainLoader: [first, second, bad] }), {
    instanceOf: OptionError,
    message: /trainLoader\[2\]\.inputIds/,
  });
  t.is(finder.history.loss.length, 2);
  t.is(finder.ended, undefined);
  await finder.reset();
  t.deepEqual(await parametersOf(model), before);

  const controller = new AbortController();
  const aborting = finder.rangeTest({
    trainLoader: loader,
    endLr: 1,
    numIter: 1000,
    signal: controller.signal,
  });
  setTimeout(() => controller.abort(new Error('enough')), 20);
  const reset = finder.reset(); // waits for the test to end
  await t.throwsAsync(aborting, { message: 'enough' });
  await reset;
  t.deepEqual(await parametersOf(model), before);
  t.deepEqual(await model.trainStep(second, { optimizer }), next);
  t.deepEqual(await parametersOf(model), after);
});

test('every form of batches gives the same history, of either class of model', async t => {
  const histories = [];
  for (const form of [{}, { packed: false }, { packed: false, bertHugging: false }]) {
    const { bertHugging = true, ...options } = form as { packed?: boolean; bertHugging?: boolean };
    await using model = await smallModel(dropout);
    const loader = loaderOf(model, sentences(20), { shuffle: true, ...options }, { bertHugging });
    const finder = new LRFinder(model, adam(model));
    await finder.rangeTest({ trainLoader: loader, valLoader: loader, endLr: 1, numIter: 12 });
    histories.push(finder.history);
  }
  t.is(histories[0]?.loss.length, 12);
  t.deepEqual(histories[1], histories[0]);
  t.deepEqual(histories[2], histories[0]);

  await using custom = await BertForTokenClassificationCustom.fromPretrained(tinyModel, noDropout);
  await using plain = await BertForTokenClassification.fromPretrained(tinyModel, noDropout);
  const settings = { trainLoader: goldenBatches, endLr: 1, numIter: 10 };
  const finders = [
    new LRFinder(custom, getOptimizerWithWeightDecay({ model: custom, learningRate: 1e-5 })),
    new LRFinder(plain, getOptimizerWithWeightDecay({ model: plain, learningRate: 1e-5 })),
  ];
  for (const finder of finders) await finder.rangeTest(settings);
  t.deepEqual(finders[0]?.history, finders[1]?.history);
});

test('with validation data the loss is that of the validation data after the step', async t => {
  await using model = await smallModel();
  const [train, ...validation] = [...loaderOf(model, sentences(16))];
  if (!train) throw new Error('Expected batches');
  const finder = new LRFinder(model, adam(model));
  await finder.rangeTest({
    trainLoader: [train],
    valLoader: validation,
    endLr: 2e-3,
    numIter: 3,
    smoothF: 0,
  });
  await finder.reset();
  const optimizer = adam(model);
  for (const [i, learningRate] of finder.history.lr.entries()) {
    await model.trainStep(train, { optimizer, learningRate });
    let [sum, weight] = [0, 0];
    for (const batch of validation) {
      const { lossSum, lossWeight } = await model.predictLabelled(batch);
      sum += lossSum;
      weight += lossWeight;
    }
    t.is(finder.history.loss[i], sum / weight);
  }
});

test('a loss that is not a finite number ends the test; reset mends the model', async t => {
  await using model = await smallModel();
  const finder = new LRFinder(model, adam(model));
  const before = await parametersOf(model);
  const trainLoader = loaderOf(model, sentences(16));
  await finder.rangeTest({ trainLoader, startLr: 1, endLr: 1e38, numIter: 100, divergeTh: 1e300 });
  t.is(finder.ended, 'not-finite');
  t.true(finder.history.loss.length > 0 && finder.history.loss.length < 100);
  t.true(finder.history.loss.every(Number.isFinite));
  t.is(finder.history.lr.length, finder.history.loss.length);
  await finder.reset();
  t.deepEqual(await parametersOf(model), before);
});

test('a finder whose model, optimizer or copy is gone says so', async t => {
  const model = await smallModel();
  const trainLoader = loaderOf(model, sentences(8));
  const disposed = getOptimizerWithWeightDecay({ model, learningRate: 1e-3 });
  const finder = new LRFinder(model, disposed);
  await disposed.dispose();
  await t.throwsAsync(finder.reset(), { instanceOf: DisposedError, message: /optimizer/ });
  const other = new LRFinder(model, adam(model));
  await other.dispose();
  await other.dispose();
  await t.throwsAsync(other.reset(), { instanceOf: DisposedError });
  const last = new LRFinder(model, adam(model));
  await model.dispose();
  await t.throwsAsync(last.rangeTest({ trainLoader }), { instanceOf: DisposedError, message: /model/ });
  await t.throwsAsync(last.reset(), { instanceOf: DisposedError, message: /model/ });
  await last.dispose();
  t.throws(() => new LRFinder(model, disposed), { instanceOf: DisposedError });
});

test('dropout can be changed between steps, and the config tells', async t => {
  await using changed = await smallModel(noDropout);
  await using made = await smallModel(dropout);
  await changed.setDropout(dropout);
  const batches = [...loaderOf(changed, sentences(8))];
  const stepOf = (model: BertForTokenClassification) => model.trainStep(batches, { optimizer: adam(model) });
  t.deepEqual(await stepOf(changed), await stepOf(made));
  t.deepEqual(changed.config, made.config);
  await t.throwsAsync(changed.setDropout({ hiddenDropoutProb: 1 }), { instanceOf: OptionError });
});
