import test from 'ava';
import { OptionError } from '../../../src/errors.ts';
import { getOptimizerWithWeightDecay } from '../../../src/training/optimizer.ts';
import {
  labels,
  loaderOf,
  sentences,
  smallModel,
  tokenizer,
  trainerOf,
} from '../../support/small-training.ts';

test('a generator for several epochs is refused before training', async t => {
  await using model = await smallModel();
  const batches = [...loaderOf(model, sentences(8))];
  const trainer = trainerOf(model, { nEpochs: 2 });
  const refusal = {
    instanceOf: OptionError,
    message: /anew each epoch for dataloader(Train|Val) .*an array/,
  };
  await t.throwsAsync(trainer.run({ dataloaderTrain: batches.values() }).next(), refusal);
  const dataloaderVal = batches.values();
  await t.throwsAsync(trainer.run({ dataloaderTrain: batches, dataloaderVal }).next(), refusal);
});

test('a loader that is exhausted after an epoch is named', async t => {
  await using model = await smallModel();
  const batches = [...loaderOf(model, sentences(8))];
  const once = () => {
    const generator = batches.values();
    return { [Symbol.iterator]: () => generator };
  };
  const refusal = (option: string) => ({
    instanceOf: OptionError,
    message: `Expected at least one labelled word in epoch 2 for ${option} but received 0`,
  });
  const trainer = trainerOf(model, { nEpochs: 2 });
  await t.throwsAsync(trainer.train({ dataloaderTrain: once() }), refusal('dataloaderTrain'));
  const data = { dataloaderTrain: batches, dataloaderVal: once() };
  await t.throwsAsync(trainer.train(data), refusal('dataloaderVal'));
});

test('a batch that does not fit the model is named by its place', async t => {
  await using model = await smallModel();
  const [good] = [...loaderOf(model, sentences(4))];
  const bad = {
    inputIds: Int32Array.of(2, 9999, 3),
    labels: Int32Array.of(-100, 0, -100),
    shape: [1, 3] as const,
  };
  const refusal = (place: string) => ({
    instanceOf: OptionError,
    message: new RegExp(`for ${place}.inputIds`),
  });
  const batches = [good ?? bad, bad];
  const trainer = trainerOf(model);
  await t.throwsAsync(trainer.train({ dataloaderTrain: batches }), refusal('dataloaderTrain\\[1\\]'));
  await t.throwsAsync(trainer.evaluate(batches), refusal('dataloaderVal\\[1\\]'));
  t.true((await trainer.evaluate([good ?? bad])).loss > 0, 'the model is usable after that');
});

test('label ids that are not the model’s are refused, naming the label', async t => {
  await using model = await smallModel();
  const refusal = { instanceOf: OptionError, code: 'ERR_OPTION' };
  const reversed = Object.fromEntries(labels.map((label, id) => [label, labels.length - 1 - id]));
  t.throws(() => trainerOf(model, { labels2ind: reversed }), {
    ...refusal,
    message:
      /Expected 0, the model's id, for labels2ind\["B-cell"\] but received 4\. .*model\.config\.label2id/,
  });
  const { O: _, ...fewer } = model.config.label2id;
  t.throws(() => trainerOf(model, { labels2ind: fewer }), {
    ...refusal,
    message: /labels2ind\["O"\] .*undefined/,
  });
  t.throws(() => trainerOf(model, { labels2ind: { ...model.config.label2id, X: 5 } }), {
    ...refusal,
    message: /no such label, for labels2ind\["X"\] but received 5/,
  });
  const wrong = loaderOf(model, sentences(4), {}, { labels2ind: reversed });
  const right = loaderOf(model, sentences(4));
  const trainer = trainerOf(model);
  await t.throwsAsync(trainer.train({ dataloaderTrain: wrong }), {
    ...refusal,
    message: /dataloaderTrain\.dataset\.labels2ind\["/,
  });
  await t.throwsAsync(trainer.train({ dataloaderTrain: right, dataloaderVal: wrong }), {
    ...refusal,
    message: /dataloaderVal\.dataset\.labels2ind\["/,
  });
  await t.throwsAsync(trainer.evaluate(wrong), refusal);
});

test('what cannot be used is refused with the option’s name', async t => {
  await using model = await smallModel();
  await using other = await smallModel();
  const optimizer = getOptimizerWithWeightDecay({ model: other, learningRate: 1 });
  const bad: [options: object, message: RegExp][] = [
    [{ model: {} }, /a BertForTokenClassification for model/],
    [{ tokenizer: 'bert' }, /a BertTokenizer for tokenizer/],
    [{ optimizer }, /made for this model for optimizer/],
    [{ nEpochs: 0 }, /at least 1 for nEpochs/],
    [{ scheduler: 0.1 }, /learningRate\(step\) for scheduler/],
    [{ clipping: 0 }, /a number above 0 for clipping/],
    [{ accumulateGradEvery: 1.5 }, /for accumulateGradEvery/],
    [{ lossReduction: 'sum' }, /one of "token-mean", "batch-mean" for lossReduction/],
    [{ printEvery: 0 }, /for printEvery/],
    [{ progress: 1 }, /true or false for progress/],
    [{ printValMistakes: 'yes' }, /for printValMistakes/],
    [{ maxMistakes: -1 }, /for maxMistakes/],
    [{ outputDir: '' }, /a non-empty string for outputDir/],
    [{ labels2ind: undefined }, /for labels2ind/],
    [{ epochs: 3 }, /only the options .*nEpochs.* for BertTrainer but received "epochs"/],
  ];
  for (const [options, message] of bad) {
    t.throws(() => trainerOf(model, options), { instanceOf: OptionError, message });
  }
  const trainer = trainerOf(model);
  const dataloaderTrain = loaderOf(model, sentences(4));
  const calls: [data: object, message: RegExp][] = [
    [{}, /a DataLoader or another iterable of batches for dataloaderTrain/],
    [{ dataloaderTrain: tokenizer }, /for dataloaderTrain/],
    [{ dataloaderTrain, dataloaderVal: null }, /for dataloaderVal but received null/],
    [{ dataloaderTrain, dataLoaderVal: dataloaderTrain }, /only the options .* for train .*"dataLoaderVal"/],
  ];
  for (const [data, message] of calls) {
    await t.throwsAsync(trainer.train(data as never), { instanceOf: OptionError, message });
  }
  await t.throwsAsync(trainer.evaluate(dataloaderTrain, { epoch: -1 }), { message: /for epoch/ });
});
