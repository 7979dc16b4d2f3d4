import {
  checkInteger,
  checkKnownOptions,
  checkNumber,
  checkOneOf,
  checkPositive,
  checkProbability,
} from '../check.ts';
import { checkBatch } from '../engine/packing.ts';
import { OptionError } from '../errors.ts';
import type { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import { EndlessBatches } from './endless-batches.ts';
import { type BatchLoader, checkLoader, noLabelledWord } from './loader.ts';
import type { Optimizer } from './optimizer.ts';

export interface RangeTestOptions {
  /** Any form of batches; gone through again at its end. */
  trainLoader: BatchLoader;
  /** Where given, the loss after each step is the mean per labelled word of all its batches. */
  valLoader?: BatchLoader | undefined;
  /** Rate of the first iteration. @default the optimizer's */
  startLr?: number | undefined;
  /** Rate of the last iteration. @default 10 */
  endLr?: number | undefined;
  /** Optimizer steps. @default 100 */
  numIter?: number | undefined;
  /** Rates by equal factors, or by equal differences. @default 'exp' */
  stepMode?: 'exp' | 'linear' | undefined;
  /** Weight of a new loss in the smoothed one; 0: no smoothing. @default 0.05 */
  smoothF?: number | undefined;
  /** The test ends where the smoothed loss is above that many times its lowest. @default 5 */
  divergeTh?: number | undefined;
  /** Batches of an iteration, whose loss and gradients are the mean of their means. @default 1 */
  accumulationSteps?: number | undefined;
  /** Ends the test after the current iteration, by throwing its reason. */
  signal?: AbortSignal | undefined;
}

/** The options checked, with their defaults. */
export interface RangeTest extends Complete<Omit<RangeTestOptions, 'valLoader' | 'signal'>> {
  valLoader: BatchLoader | undefined;
  signal: AbortSignal | undefined;
}

type Complete<Options> = { [Name in keyof Options]-?: NonNullable<Options[Name]> };

/** One iteration: what it used, and what came of it. */
export interface RangeTestIteration {
  /** Counted from 1. */
  iteration: number;
  learningRate: number;
  /** The smoothed loss: before the step, or after it on the validation data. */
  loss: number;
}

/** Why a test ended: all iterations made, the loss above the threshold, or not a finite number. */
export type RangeTestEnd = 'done' | 'diverged' | 'not-finite';

/** @throws OptionError */
export function checkRangeTest(
  options: RangeTestOptions,
  model: BertForTokenClassification,
  optimizer: Optimizer,
): RangeTest {
  checkKnownOptions('rangeTest', options, [
    'trainLoader',
    'valLoader',
    'startLr',
    'endLr',
    'numIter',
    'stepMode',
    'smoothF',
    'divergeTh',
    'accumulationSteps',
    'signal',
  ]);
  const { label2id } = model.config;
  const numIter = checkInteger('numIter', options.numIter ?? 100, 2);
  const startLr = checkPositive('startLr', options.startLr ?? optimizer.learningRate);
  const endLr = checkPositive('endLr', options.endLr ?? 10);
  if (endLr <= startLr) throw new OptionError('endLr', `a rate above startLr, ${startLr},`, endLr);
  return {
    trainLoader: checkLoader('trainLoader', options.trainLoader, label2id),
    valLoader:
      options.valLoader === undefined
        ? undefined
        : checkLoader('valLoader', options.valLoader, label2id, numIter),
    startLr,
    endLr,
    numIter,
    stepMode: checkOneOf('stepMode', options.stepMode ?? 'exp', ['exp', 'linear']),
    smoothF: checkProbability('smoothF', options.smoothF ?? 0.05),
    divergeTh: checkNumber('divergeTh', options.divergeTh ?? 5, 1),
    accumulationSteps: checkInteger('accumulationSteps', options.accumulationSteps ?? 1, 1),
    signal: options.signal,
  };
}

/**
 * Trains with a rising rate, and tells of each iteration; the order of a DataLoader is afterwards as if it had not been
 * used. An iteration whose loss is not a finite number ends the test and is not told of.
 *
 * @throws OptionError for batches that do not fit the model, or do not last
 * @throws the signal's reason if it aborts
 */
export async function* rangeTestIterations(
  model: BertForTokenClassification,
  optimizer: Optimizer,
  clipping: number | undefined,
  test: RangeTest,
): AsyncGenerator<RangeTestIteration, RangeTestEnd> {
  const { numIter, smoothF, divergeTh, accumulationSteps, valLoader, signal } = test;
  const batches = new EndlessBatches(test.trainLoader, 'trainLoader', model);
  try {
    let smoothed: number | undefined;
    let lowest = Number.POSITIVE_INFINITY;
    for (let iteration = 1; iteration <= numIter; iteration++) {
      signal?.throwIfAborted();
      const learningRate = rateOf(test, (iteration - 1) / (numIter - 1));
      const step = await model.trainStep(batches.take(accumulationSteps), {
        optimizer,
        learningRate,
        clipping,
        lossReduction: 'mean-of-batch-means',
      });
      const loss = valLoader ? await validationLoss(model, valLoader, signal) : step.loss;
      if (!Number.isFinite(loss)) return 'not-finite';
      smoothed = smoothed === undefined || smoothF === 0 ? loss : smoothF * loss + (1 - smoothF) * smoothed;
      lowest = Math.min(lowest, smoothed);
      yield { iteration, learningRate, loss: smoothed };
      if (smoothed > divergeTh * lowest) return 'diverged';
    }
    return 'done';
  } finally {
    batches.release();
  }
}

/** @param progress from 0 at the first iteration to 1 at the last */
function rateOf({ stepMode, startLr, endLr }: RangeTest, progress: number): number {
  return stepMode === 'exp'
    ? startLr * (endLr / startLr) ** progress
    : startLr + progress * (endLr - startLr);
}

/** Mean loss per labelled word, weighted where the model has class weights. */
async function validationLoss(
  model: BertForTokenClassification,
  loader: BatchLoader,
  signal: AbortSignal | undefined,
): Promise<number> {
  let sum = 0;
  let weight = 0;
  let place = 0;
  for (const batch of loader) {
    signal?.throwIfAborted();
    const { packed } = checkBatch(batch, model.geometry, `valLoader[${place++}]`);
    const { lossSum, lossWeight } = await model.predictLabelled(packed);
    sum += lossSum;
    weight += lossWeight;
  }
  if (weight === 0) throw noLabelledWord('valLoader');
  return sum / weight;
}
