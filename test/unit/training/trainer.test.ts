import test from 'ava';
import type { PackedBatch } from '../../../src/batch.ts';
import { NerbertError, OptionError } from '../../../src/errors.ts';
import type { BertForTokenClassification } from '../../../src/model/bert-for-token-classification.ts';
import { getOptimizerWithWeightDecay } from '../../../src/training/optimizer.ts';
import { relativeDifference } from '../../support/numbers.ts';
import { eventsOf, loaderOf, only, sentences, smallModel, trainerOf } from '../../support/small-training.ts';

test('a run tells of its start, each step, each evaluation and its end, in order', async t => {
  await using model = await smallModel();
  const dataloaderTrain = loaderOf(model, sentences(10));
  const dataloaderVal = loaderOf(model, sentences(6, 10));
  const events = await eventsOf(trainerOf(model, { nEpochs: 2, learningRate: 1e-6 }), {
    dataloaderTrain,
    dataloaderVal,
  });
  const types = events.map(event => event.type).filter(type => type !== 'mistake');
  const epoch = ['step', 'step', 'step', 'evaluation-step', 'evaluation-step', 'evaluation'];
  t.deepEqual(types, ['start', ...epoch, ...epoch, 'end']);
  t.deepEqual(events[0], { type: 'start', epochs: 2, stepsPerEpoch: 3 });
  t.deepEqual(
    only(events, 'step').map(({ step, epoch, stepOfEpoch }) => [step, epoch, stepOfEpoch]),
    [
      [1, 1, 1],
      [2, 1, 2],
      [3, 1, 3],
      [4, 2, 1],
      [5, 2, 2],
      [6, 2, 3],
    ],
  );
  t.deepEqual(
    only(events, 'evaluation-step').map(({ epoch, batch, batches }) => [epoch, batch, batches]),
    [
      [1, 1, 2],
      [1, 2, 2],
      [2, 1, 2],
      [2, 2, 2],
    ],
  );
  // An untrained model is wrong somewhere in each of the sentences, and each is told whole.
  const mistakes = only(events, 'mistake').filter(event => event.epoch === 1);
  t.deepEqual(
    mistakes.map(({ words, labels }) => ({ words, labels })),
    sentences(6, 10),
  );
  t.true(mistakes.every(({ predictions, words }) => predictions.length === words.length));
});

test('losses have an entry an epoch, those of validation only where there is validation', async t => {
  await using model = await smallModel();
  const data = { dataloaderTrain: loaderOf(model, sentences(8)) };
  const trainer = trainerOf(model, { nEpochs: 3 });
  const without = await trainer.train(data);
  t.deepEqual([without.lossTrEpochs.length, without.lossValEpochs, without.best], [3, [], undefined]);
  const dataloaderVal = loaderOf(model, sentences(4, 8));
  const result = await trainer.train({ ...data, dataloaderVal });
  t.deepEqual([result.lossTrEpochs.length, result.lossValEpochs.length], [3, 3]);
  t.true([...result.lossTrEpochs, ...result.lossValEpochs].every(Number.isFinite));
});

/** Sum of the token losses of batches and of the weights of their labels, by evaluation before a step. */
async function lossesBefore(
  model: BertForTokenClassification,
  batches: PackedBatch[],
): Promise<[number, number]> {
  let [lossSum, lossWeight] = [0, 0];
  for (const batch of batches) {
    const part = await model.predictLabelled(batch);
    lossSum += part.lossSum;
    lossWeight += part.lossWeight;
  }
  return [lossSum, lossWeight];
}

const classWeights = Float32Array.of(0.5, 2, 1, 1.5, 0.25);

for (const lossReduction of ['token-mean', 'batch-mean'] as const) {
  for (const weights of [undefined, classWeights]) {
    const name = `${lossReduction}${weights ? ' with class weights' : ''}`;
    test(`${name}: the training loss is the mean over all labelled words`, async t => {
      await using model = await smallModel({ classWeights: weights });
      await using twin = await smallModel({ classWeights: weights });
      const samples = sentences(11);
      const batches = [...loaderOf(twin, samples)] as PackedBatch[];
      const optimizer = getOptimizerWithWeightDecay({ model: twin, learningRate: 1e-2 });
      let [lossSum, lossWeight] = [0, 0];
      const stepLosses: number[] = [];
      for (const group of [batches.slice(0, 2), batches.slice(2)]) {
        const [sum, weight] = await lossesBefore(twin, group);
        stepLosses.push(sum / weight);
        lossSum += sum;
        lossWeight += weight;
        await twin.trainStep(group, { optimizer, lossReduction });
      }
      const trainer = trainerOf(model, { lossReduction, accumulateGradEvery: 2 });
      const events = await eventsOf(trainer, { dataloaderTrain: loaderOf(model, samples) });
      const told = only(events, 'step').map(event => event.loss);
      t.is(told.length, 2);
      for (const [i, loss] of told.entries())
        t.true(relativeDifference(loss, stepLosses[i] ?? 0) < 1e-5, `${i}`);
      const [lossTr] = only(events, 'end')[0]?.result.lossTrEpochs ?? [];
      t.true(relativeDifference(lossTr ?? 0, lossSum / lossWeight) < 1e-5);
    });
  }
}

test('micro-batches are gathered into steps, the last one smaller', async t => {
  await using model = await smallModel();
  const samples = sentences(18);
  const data = { dataloaderTrain: loaderOf(model, samples) };
  const events = await eventsOf(trainerOf(model, { accumulateGradEvery: 2, nEpochs: 2 }), data);
  t.is(only(events, 'start')[0]?.stepsPerEpoch, 3);
  const wordsOf = (from: number, to: number) => samples.slice(from, to).flatMap(({ words }) => words).length;
  const words = [wordsOf(0, 8), wordsOf(8, 16), wordsOf(16, 18)];
  t.deepEqual(
    only(events, 'step').map(event => event.words),
    [...words, ...words],
  );
});

test('the schedule is asked for steps 0, 1, 2, … over all epochs, and its rates are used', async t => {
  await using model = await smallModel();
  const asked: number[] = [];
  const scheduler = {
    learningRate(step: number): number {
      asked.push(step);
      return step === 0 ? 0 : 1e-3 / step;
    },
  };
  const before = await model.session.readParameter('classifier.bias');
  const run = trainerOf(model, { scheduler, nEpochs: 2 }).run({
    dataloaderTrain: loaderOf(model, sentences(8)),
  });
  const rates: number[] = [];
  for await (const event of run) {
    if (event.type !== 'step') continue;
    rates.push(event.learningRate);
    const bias = await model.session.readParameter('classifier.bias');
    if (event.step === 1) t.deepEqual(bias, before, 'a rate of 0 moves nothing');
    else t.notDeepEqual(bias, before);
  }
  t.deepEqual(asked, [0, 1, 2, 3]);
  t.deepEqual(rates, [0, 1e-3, 1e-3 / 2, 1e-3 / 3]);
});

test('without a schedule each step has the rate of the optimizer', async t => {
  await using model = await smallModel();
  const data = { dataloaderTrain: loaderOf(model, sentences(8)) };
  const events = await eventsOf(trainerOf(model, { learningRate: 3e-4 }), data);
  t.deepEqual(
    only(events, 'step').map(event => event.learningRate),
    [3e-4, 3e-4],
  );
});

test('of epochs with the same F1 the first is the best', async t => {
  await using model = await smallModel();
  const data = {
    dataloaderTrain: loaderOf(model, sentences(4)),
    dataloaderVal: loaderOf(model, sentences(4)),
  };
  const events = await eventsOf(trainerOf(model, { nEpochs: 3, learningRate: 0 }), data);
  t.deepEqual(
    only(events, 'evaluation').map(event => event.best),
    [true, false, false],
  );
  t.is(only(events, 'end')[0]?.result.best?.epoch, 1);
});

test('the best epoch is that of the highest entity F1, not the last one', async t => {
  await using model = await smallModel();
  const dataloaderTrain = loaderOf(model, sentences(48));
  const dataloaderVal = loaderOf(model, sentences(12, 48));
  // It learns in the first two epochs and is ruined in the third.
  const scheduler = { learningRate: (step: number) => (step < 24 ? 1e-2 : 10) };
  const events = await eventsOf(trainerOf(model, { nEpochs: 3, scheduler }), {
    dataloaderTrain,
    dataloaderVal,
  });
  const f1 = only(events, 'evaluation').map(({ evaluation }) => evaluation?.f1 ?? 0);
  const { best, lossTrEpochs, lossValEpochs } = only(events, 'end')[0]?.result ?? {};
  const epoch = best?.epoch ?? 0;
  t.true(epoch < 3 && (f1[epoch - 1] ?? 0) > (f1[2] ?? 1));
  t.is(best?.f1, Math.max(...f1));
  t.is(best?.f1, f1[epoch - 1]);
  t.is(best?.lossTr, lossTrEpochs?.[epoch - 1]);
  t.is(best?.lossVal, lossValEpochs?.[epoch - 1]);
});

const forms = [
  { packed: true, bertHugging: true },
  { packed: false, bertHugging: true },
  { packed: false, bertHugging: false },
];

test('packed, padded and tuple loaders give the same losses and scores', async t => {
  const results = [];
  for (const { packed, bertHugging } of forms) {
    await using model = await smallModel();
    const load = (count: number, first: number) =>
      loaderOf(model, sentences(count, first), { packed, shuffle: true }, { bertHugging });
    const trainer = trainerOf(model, { nEpochs: 2, accumulateGradEvery: 2 });
    results.push(await trainer.train({ dataloaderTrain: load(24, 0), dataloaderVal: load(8, 24) }));
  }
  t.deepEqual(results[1], results[0]);
  t.deepEqual(results[2], results[0]);
  t.true((results[0]?.best?.f1 ?? 0) > 0);
});

test('batches without a labelled word are passed over', async t => {
  await using model = await smallModel();
  const blank = { words: ['\u200b', '\u200b'], labels: ['O', 'O'] }; // no pieces
  const samples = [...sentences(2), blank, ...sentences(1)];
  const data = { dataloaderTrain: loaderOf(model, samples, { batchSize: 1 }) };
  const events = await eventsOf(trainerOf(model), data);
  t.deepEqual(
    only(events, 'step').map(event => event.step),
    [1, 2, 3],
  );
  t.true(Number.isFinite(only(events, 'end')[0]?.result.lossTrEpochs[0]));
  await t.throwsAsync(trainerOf(model).train({ dataloaderTrain: loaderOf(model, [blank]) }), {
    instanceOf: OptionError,
    message: 'Expected at least one labelled word in epoch 1 for dataloaderTrain but received 0',
  });
});

test('any iterable of batches is a loader, a generator for one epoch', async t => {
  await using model = await smallModel();
  const batches = [...loaderOf(model, sentences(8))];
  const generator = () => batches.values();
  const events = await eventsOf(trainerOf(model), {
    dataloaderTrain: generator(),
    dataloaderVal: generator(),
  });
  t.is(only(events, 'step').length, 2);
  t.is(only(events, 'start')[0]?.stepsPerEpoch, undefined);
  t.is(only(events, 'end')[0]?.result.best?.evaluation.sentences, 8);
  const again = await trainerOf(model, { nEpochs: 2 }).train({
    dataloaderTrain: batches,
    dataloaderVal: batches,
  });
  t.is(again.lossValEpochs.length, 2);
});

test('a loss that is not finite ends the run and says where', async t => {
  await using model = await smallModel();
  const trainer = trainerOf(model, { learningRate: 1e30, nEpochs: 3 });
  const error = await t.throwsAsync(trainer.train({ dataloaderTrain: loaderOf(model, sentences(8)) }), {
    instanceOf: NerbertError,
    code: 'ERR_DIVERGED',
  });
  t.regex(
    error?.message ?? '',
    /received (NaN|Infinity) at step \d+ \(epoch \d, learning rate 1e\+30\)\. Use/,
  );
});

test('an aborted run ends after the current step with the reason of the signal', async t => {
  await using model = await smallModel();
  const controller = new AbortController();
  const reason = new Error('enough');
  const steps: number[] = [];
  const dataloaderTrain = loaderOf(model, sentences(40));
  const run = trainerOf(model).run({ dataloaderTrain, signal: controller.signal });
  const error = await t.throwsAsync(async () => {
    for await (const event of run) {
      if (event.type !== 'step') continue;
      steps.push(event.step);
      if (event.step === 2) controller.abort(reason);
    }
  });
  t.is(error, reason);
  t.deepEqual(steps, [1, 2]);
  await t.throwsAsync(trainerOf(model).train({ dataloaderTrain, signal: AbortSignal.abort(reason) }), {
    is: reason,
  });
  t.true((await trainerOf(model).evaluate(dataloaderTrain)).loss > 0, 'the model is usable after that');
});

test('evaluation can be aborted too', async t => {
  await using model = await smallModel();
  const controller = new AbortController();
  const loader = loaderOf(model, sentences(8));
  const data = { dataloaderTrain: loader, dataloaderVal: loader, signal: controller.signal };
  const seen: string[] = [];
  await t.throwsAsync(
    async () => {
      for await (const event of trainerOf(model).run(data)) {
        seen.push(event.type);
        if (event.type === 'evaluation-step') controller.abort(new Error('enough'));
      }
    },
    { message: 'enough' },
  );
  t.is(seen.filter(type => type === 'evaluation-step').length, 1);
});

test('a run can be left early, and the model is usable afterwards', async t => {
  await using model = await smallModel();
  const dataloaderTrain = loaderOf(model, sentences(40));
  const trainer = trainerOf(model);
  let steps = 0;
  for await (const event of trainer.run({ dataloaderTrain })) {
    if (event.type === 'step' && ++steps === 2) break;
  }
  t.is(steps, 2);
  t.is((await trainer.train({ dataloaderTrain })).lossTrEpochs.length, 1);
});
