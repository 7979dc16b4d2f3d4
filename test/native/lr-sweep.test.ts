import test from 'ava';
import type { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';
import { LRFinder } from '../../src/training/lr-finder.ts';
import {
  type SweepConfiguration,
  type SweepResult,
  sweepLearningRates,
} from '../../src/training/lr-sweep.ts';
import { getOptimizerWithWeightDecay } from '../../src/training/optimizer.ts';
import { loaderOf, sentences, smallModel } from '../support/small-training.ts';

const configurations: SweepConfiguration[] = [
  { weightDecay: 0, dropout: 0.1 },
  { weightDecay: 0.1, dropout: 0.3 },
  { weightDecay: 0, dropout: 0.3 },
];

const rangeTest = { startLr: 1e-4, endLr: 1, numIter: 8, accumulationSteps: 2 };

async function sweep(model: BertForTokenClassification, list = configurations): Promise<SweepResult[]> {
  const trainLoader = loaderOf(model, sentences(24), { shuffle: true });
  const results: SweepResult[] = [];
  for await (const event of sweepLearningRates({
    model,
    configurations: list,
    rangeTest: { ...rangeTest, trainLoader },
  })) {
    if (event.type === 'result') results.push(event);
  }
  return results;
}

test('each configuration has the history of a finder on a model of its own', async t => {
  await using shared = await smallModel();
  const results = await sweep(shared);
  t.is(results.length, 3);
  for (const { configuration, history, ended } of results) {
    const { weightDecay, dropout } = configuration;
    await using model = await smallModel({
      hiddenDropoutProb: dropout,
      attentionProbsDropoutProb: dropout,
      classifierDropout: dropout,
    });
    const finder = new LRFinder(model, getOptimizerWithWeightDecay({ model, learningRate: 1, weightDecay }));
    await finder.rangeTest({ ...rangeTest, trainLoader: loaderOf(model, sentences(24), { shuffle: true }) });
    t.deepEqual(history, finder.history);
    t.is(ended, 'done');
  }
  t.notDeepEqual(results[0]?.history, results[2]?.history);
});

test('a sweep that is broken off leaves the model as it was', async t => {
  await using model = await smallModel();
  const before = await model.session.readParameter('classifier.weight');
  const events = sweepLearningRates({
    model,
    configurations,
    rangeTest: { ...rangeTest, trainLoader: loaderOf(model, sentences(24)) },
  });
  let seen = 0;
  for await (const _ of events) if (++seen === 11) break;
  t.deepEqual(await model.session.readParameter('classifier.weight'), before);
  t.is(model.stepCount, 0);
});
