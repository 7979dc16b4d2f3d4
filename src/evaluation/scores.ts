import { OptionError } from '../errors.ts';

/** Scores of one row of a report. */
export interface Score {
  precision: number;
  recall: number;
  f1: number;
  /** How many there are in the gold annotation. */
  support: number;
}

/** What a ratio of nothing to nothing is taken to be. */
export type ZeroDivision = 0 | 1;

export interface ScoreOptions {
  /** What precision without predictions and recall without gold are taken to be. @default 0 */
  zeroDivision?: ZeroDivision | undefined;
}

export function checkZeroDivision(value: unknown): ZeroDivision {
  if (value === 0 || value === 1) return value;
  throw new OptionError('zeroDivision', '0 or 1', value);
}

export function divide(numerator: number, denominator: number, zeroDivision: ZeroDivision): number {
  return denominator === 0 ? zeroDivision : numerator / denominator;
}

/** The unweighted mean of each score; NaN where there is none. */
export function macroAverage(scores: readonly Score[]): Score {
  return averageScores(
    scores,
    scores.map(() => 1),
  );
}

/** The mean of each score weighted by support, which must not be zero altogether. */
export function weightedAverage(scores: readonly Score[]): Score {
  return averageScores(
    scores,
    scores.map(score => score.support),
  );
}

function averageScores(scores: readonly Score[], weights: readonly number[]): Score {
  const total = pairwiseSum(weights);
  const average = (name: 'precision' | 'recall' | 'f1') =>
    pairwiseSum(scores.map((score, i) => score[name] * (weights[i] ?? 0))) / total;
  return {
    precision: average('precision'),
    recall: average('recall'),
    f1: average('f1'),
    support: scores.reduce((sum, score) => sum + score.support, 0),
  };
}

/** The sum in NumPy's order of additions, so that averages equal the reference's to the last bit. */
function pairwiseSum(values: readonly number[]): number {
  const { length } = values;
  if (length < 8) return values.reduce((sum, value) => sum + value, 0);
  if (length > 128) {
    const middle = Math.floor(length / 16) * 8;
    return pairwiseSum(values.slice(0, middle)) + pairwiseSum(values.slice(middle));
  }
  const blocks = length - (length % 8);
  const lanes = [0, 1, 2, 3, 4, 5, 6, 7].map(lane => {
    let sum = 0;
    for (let i = lane; i < blocks; i += 8) sum += values[i] ?? 0;
    return sum;
  });
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = lanes;
  const sum = a + b + (c + d) + (e + f + (g + h));
  return values.slice(blocks).reduce((total, value) => total + value, sum);
}
