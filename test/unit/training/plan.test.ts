import test from 'ava';
import { dataFacts } from '../../../src/data/facts.ts';
import { getOptimizerWithWeightDecay } from '../../../src/training/optimizer.ts';
import { estimateMemory, type MemoryInput } from '../../../src/training/plan/memory.ts';
import { planOf } from '../../../src/training/plan/plan.ts';
import { timeTrial } from '../../../src/training/plan/trial.ts';
import { smallPlan } from '../../support/small-plan.ts';
import { labels, loaderOf, sentences, smallModel } from '../../support/small-training.ts';

test('the facts of a data set, by hand', async t => {
  const { training, evaluation, onlyInTraining, onlyInEvaluation, stepsPerEpoch, steps } = await smallPlan();
  t.deepEqual(training, {
    sentences: 3,
    words: 55,
    tags: { 'B-cell': 2, 'B-protein': 1, O: 52 },
    pieces: { median: 10, p95: 40, longest: 40 },
    longSentences: 1,
    // 40 pieces make windows of 20 and 20.
    windows: 4,
    positions: 7 + 12 + 22 + 22,
    wordsLostToCut: 20,
    paddingShare: 1 - (7 + 12 + 22) / (3 * 22),
  });
  t.is(evaluation?.pieces.median, 5);
  t.deepEqual([onlyInTraining, onlyInEvaluation], [['B-protein'], []]);
  t.deepEqual([stepsPerEpoch, steps], [2, 6]);
});

test('padding share and lost words are those of the padded form', async t => {
  await using model = await smallModel();
  const { dataset } = loaderOf(model, sentences(30), {}, { maxLenSeq: 16 });
  const facts = dataFacts(dataset);
  let padding = 0;
  let words = 0;
  for (let i = 0; i < dataset.length; i++) {
    const { attentionMask, labels } = dataset.get(i) as { attentionMask: Int32Array; labels: Int32Array };
    padding += attentionMask.filter(value => value === 0).length;
    words += labels.filter(label => label >= 0).length;
  }
  t.true(facts.wordsLostToCut > 0);
  t.is(facts.wordsLostToCut, facts.words - words);
  t.true(Math.abs(facts.paddingShare - padding / (30 * 16)) < 1e-12);
});

test('memory: parameters, gradients and moments to the byte, activations by the largest step', async t => {
  await using model = await smallModel();
  const count = model
    .parameters()
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  const { memory } = await smallPlan();
  t.deepEqual([memory.parameters, memory.gradients, memory.moments], [4 * count, 4 * count, 8 * count]);
  const { total, ...parts } = memory;
  t.is(total, parts.parameters + parts.gradients + parts.moments + parts.activations + parts.process);
  t.is((await smallPlan({ dtype: 'bfloat16' })).memory.parameters, 6 * count);

  const input: MemoryInput = {
    config: model.config,
    numLabels: 5,
    dtype: 'float32',
    training: [[10], [50, 20], [60], [3]],
    evaluation: [],
    stepSize: 2,
    evaluationBatchSize: 0,
    gradientCheckpointing: false,
    threads: 2,
    resident: 0,
  };
  const activations = (changes: Partial<MemoryInput>) => estimateMemory({ ...input, ...changes }).activations;
  t.is(activations({}), activations({ training: [[60], [50, 20]] }), 'those with the most pieces');
  t.true(activations({ stepSize: 4 }) > activations({}));
  t.is(activations({ stepSize: 4 }), activations({ stepSize: 400 }), 'no more than there are');
  t.true(activations({ training: [[60]], stepSize: 1 }) > activations({ training: [[30, 30]], stepSize: 1 }));
  const deep = { config: { ...model.config, numHiddenLayers: 12 } };
  t.true(activations({ ...deep, gradientCheckpointing: true }) < 0.6 * activations(deep));
  const once = await smallPlan();
  t.true((await smallPlan({ accumulateGradEvery: 2 })).memory.activations > once.memory.activations);
});

test('a time trial times steps and predictions, whatever the number of batches', async t => {
  await using model = await smallModel();
  const optimizer = getOptimizerWithWeightDecay({ model, learningRate: 1e-3 });
  for (const [count, trialSteps] of [
    [1, 1],
    [8, 1],
    [120, 7],
  ] as const) {
    const training = loaderOf(model, sentences(count));
    const evaluation = count === 8 ? undefined : loaderOf(model, sentences(5));
    const loaders = { training, evaluation, accumulateGradEvery: 1 };
    const machine = {
      config: model.config,
      numLabels: labels.length,
      dtype: 'float32' as const,
      gradientCheckpointing: false,
      threads: 1,
      resident: 0,
    };
    const plan = planOf({ ...loaders, ...machine, epochs: 4 });
    const time = await timeTrial(plan, model, optimizer, loaders);
    t.is(time.trialSteps, trialSteps);
    t.true(time.trainingPace > 0 && Number.isFinite(time.trainingPace));
    t.is(time.seconds, 4 * time.secondsPerEpoch);
    t.is(time.evaluationPace === undefined, evaluation === undefined);
    const inTraining = plan.training.positions / time.trainingPace;
    t.true(evaluation ? time.secondsPerEpoch > inTraining : time.secondsPerEpoch === inTraining);
  }
  const stop = AbortSignal.abort(new Error('enough'));
  const training = loaderOf(model, sentences(8));
  const loaders = { training, evaluation: undefined, accumulateGradEvery: 1 };
  await t.throwsAsync(timeTrial(await smallPlan(), model, optimizer, loaders, stop), { message: 'enough' });
});
