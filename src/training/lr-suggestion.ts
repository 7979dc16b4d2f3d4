import { checkInteger, checkKnownOptions, checkOneOf } from '../check.ts';
import { OptionError } from '../errors.ts';

/** Rates of a range test and the smoothed losses that they gave, iteration by iteration. */
export interface LRHistory {
  lr: number[];
  loss: number[];
}

export interface SuggestionOptions {
  /** Where the loss falls fastest from one iteration to the next, or within its longest descent. @default 'steepest' */
  method?: 'steepest' | 'valley' | undefined;
  /** Iterations left out at the start. @default 10 */
  skipStart?: number | undefined;
  /** Iterations left out at the end. @default 5 */
  skipEnd?: number | undefined;
}

/**
 * A rate read off the curve of a range test.
 *
 * `steepest` is pytorch-lr-finder's suggestion, `valley` fastai's. Both look at losses by iteration: with exponential
 * steps that is by the logarithm of the rate.
 *
 * @throws OptionError if fewer than two iterations are left
 */
export function suggestLearningRate(history: LRHistory, options: SuggestionOptions = {}): number {
  checkKnownOptions('suggestion', options, ['method', 'skipStart', 'skipEnd']);
  const method = checkOneOf('method', options.method ?? 'steepest', ['steepest', 'valley']);
  const { start, end } = shownIterations(history, options);
  const losses = history.loss.slice(start, end);
  const place = start + (method === 'steepest' ? steepestDescent(losses) : longestValley(losses));
  return history.lr[place] as number;
}

/**
 * The range of iterations that is left between those skipped.
 *
 * @throws OptionError if fewer than two are left
 */
export function shownIterations(
  { lr }: LRHistory,
  { skipStart = 10, skipEnd = 5 }: SuggestionOptions = {},
): { start: number; end: number } {
  const needed = checkInteger('skipStart', skipStart) + checkInteger('skipEnd', skipEnd) + 2;
  if (lr.length < needed) {
    throw new OptionError(
      'skipStart and skipEnd',
      `a range test of at least ${needed} iterations, two more than are skipped,`,
      lr.length,
      'Run a longer one, or skip fewer',
    );
  }
  return { start: skipStart, end: lr.length - skipEnd };
}

/** Where central differences, one-sided at both ends, are lowest. */
function steepestDescent(losses: readonly number[]): number {
  const last = losses.length - 1;
  const slopes = losses.map((_, i) => {
    const [before, after] = [Math.max(0, i - 1), Math.min(last, i + 1)];
    return ((losses[after] as number) - (losses[before] as number)) / (after - before);
  });
  return slopes.indexOf(Math.min(...slopes));
}

/** A point in the middle third of the longest falling subsequence: fastai's `valley`. */
function longestValley(losses: readonly number[]): number {
  const lengths: number[] = [];
  let bottom = 0;
  for (const [i, loss] of losses.entries()) {
    let length = 1;
    for (let j = 0; j < i; j++) {
      if (loss < (losses[j] as number)) length = Math.max(length, (lengths[j] as number) + 1);
    }
    lengths.push(length);
    if (length > (lengths[bottom] as number)) bottom = i;
  }
  // As there, the valley begins its number of points before its bottom: one place early, or more, if it has gaps.
  const top = bottom === 0 ? 0 : bottom - (lengths[bottom] as number);
  const third = (bottom - top) / 3;
  return Math.max(0, top + Math.trunc(third) + Math.trunc(third / 2));
}
