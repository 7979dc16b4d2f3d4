import type { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import { ModelSnapshot } from '../model/snapshot.ts';
import type { LRHistory } from './lr-suggestion.ts';
import { getOptimizerWithWeightDecay, type OptimizerOptions } from './optimizer.ts';
import {
  checkRangeTest,
  type RangeTestEnd,
  type RangeTestIteration,
  type RangeTestOptions,
  rangeTestIterations,
} from './range-test.ts';

/** What a sweep varies. */
export interface SweepConfiguration {
  weightDecay: number;
  /** Of hidden layers, attention and classifier. */
  dropout: number;
}

export interface SweepOptions {
  model: BertForTokenClassification;
  configurations: readonly SweepConfiguration[];
  /** Of the optimizers, whose weight decay is each configuration's. */
  optimizer?: Omit<OptimizerOptions, 'model' | 'weightDecay' | 'learningRate'>;
  /** Maximum norm of all gradients together. @default no clipping */
  clipping?: number | undefined;
  /** Of all range tests alike. */
  rangeTest: RangeTestOptions & { startLr: number };
}

/** An iteration of the range test of a configuration. */
export interface SweepIteration extends RangeTestIteration {
  type: 'iteration';
  configuration: SweepConfiguration;
}

/** A configuration's range test has ended. */
export interface SweepResult {
  type: 'result';
  configuration: SweepConfiguration;
  history: LRHistory;
  ended: RangeTestEnd;
}

/**
 * The range tests of several configurations, one after another, each from the model as it is at the beginning, with a
 * new optimizer and the same batches and random numbers. Afterwards the model is as it was, but for its dropout.
 *
 * @throws what a range test throws; the model is as it was then, too
 */
export async function* sweepLearningRates(
  options: SweepOptions,
): AsyncGenerator<SweepIteration | SweepResult, void> {
  const { model, configurations } = options;
  const start = new ModelSnapshot(model);
  try {
    for (const configuration of configurations) {
      await start.restore();
      yield* testConfiguration(options, configuration);
    }
  } finally {
    await start.restore();
    await start.drop();
  }
}

async function* testConfiguration(
  { model, optimizer: settings, clipping, rangeTest }: SweepOptions,
  configuration: SweepConfiguration,
): AsyncGenerator<SweepIteration | SweepResult, void> {
  const { weightDecay, dropout } = configuration;
  await model.setDropout({
    hiddenDropoutProb: dropout,
    attentionProbsDropoutProb: dropout,
    classifierDropout: dropout,
  });
  const optimizer = getOptimizerWithWeightDecay({
    ...settings,
    model,
    weightDecay,
    learningRate: rangeTest.startLr,
  });
  try {
    const history: LRHistory = { lr: [], loss: [] };
    const test = checkRangeTest(rangeTest, model, optimizer);
    const iterations = rangeTestIterations(model, optimizer, clipping, test);
    while (true) {
      const { done, value } = await iterations.next();
      if (done) {
        yield { type: 'result', configuration, history, ended: value };
        return;
      }
      history.lr.push(value.learningRate);
      history.loss.push(value.loss);
      yield { type: 'iteration', configuration, ...value };
    }
  } finally {
    await optimizer.dispose();
  }
}
