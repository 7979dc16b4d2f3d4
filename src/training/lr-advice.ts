import { type LRHistory, suggestLearningRate } from './lr-suggestion.ts';

/** A rate with what it might as well be: over several runs. */
export interface Spread {
  median: number;
  low: number;
  high: number;
  /** How many runs gave a rate. */
  runs: number;
}

/** What range tests suggest. */
export interface LRAdvice {
  /** Where the loss falls fastest. */
  steepest: Spread | undefined;
  /** Within the longest descent. */
  valley: Spread | undefined;
  /** What to train with: the median of the valleys, between the lowest and the highest of both kinds. */
  suggested: Spread | undefined;
}

/** Suggestions that are further apart than this factor say little. */
export const TRUSTED_FACTOR = 10;

/** The suggestions of several runs together; a run that is too short, or whose loss never falls, has none. */
export function adviceOf(
  histories: readonly LRHistory[],
  { skipStart, skipEnd }: { skipStart: number; skipEnd: number },
): LRAdvice {
  const falling = histories.filter(({ loss }) => falls(loss.slice(skipStart, loss.length - skipEnd)));
  const spread = (method: 'steepest' | 'valley') =>
    spreadOf(falling.map(history => suggestLearningRate(history, { method, skipStart, skipEnd })));
  const steepest = spread('steepest');
  const valley = spread('valley');
  const suggested = steepest &&
    valley && {
      ...valley,
      low: Math.min(steepest.low, valley.low),
      high: Math.max(steepest.high, valley.high),
    };
  return { steepest, valley, suggested };
}

/** Whether suggestions are near each other; those of a single run cannot tell. */
export function agrees({ low, high, runs }: Spread): boolean {
  return runs > 1 && high / low <= TRUSTED_FACTOR;
}

/** The median is taken of logarithms. Undefined for no rate at all. */
function spreadOf(rates: readonly number[]): Spread | undefined {
  const sorted = [...rates].sort((a, b) => a - b);
  const [low, high] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined) return undefined;
  const middle = (sorted.length - 1) / 2;
  const [below, above] = [sorted[Math.floor(middle)] ?? low, sorted[Math.ceil(middle)] ?? high];
  return { median: below === above ? below : Math.sqrt(below * above), low, high, runs: sorted.length };
}

function falls(losses: readonly number[]): boolean {
  return losses.some((loss, i) => i > 0 && loss < (losses[i - 1] as number));
}
