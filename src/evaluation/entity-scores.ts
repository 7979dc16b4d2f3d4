import { checkKnownOptions } from '../check.ts';
import { compareCodePoints } from '../data/labels.ts';
import { countEntities, type EntityCounts, type EntityOptions } from './entity-counts.ts';
import type { ReportOptions } from './report-table.ts';
import {
  checkZeroDivision,
  divide,
  macroAverage,
  type Score,
  type ScoreOptions,
  weightedAverage,
  type ZeroDivision,
} from './scores.ts';
import type { Tally } from './tally.ts';

/** Options of `entityReport`; `entityScores` takes the same, and has no use for digits. */
export interface EntityReportOptions extends EntityOptions, ScoreOptions, ReportOptions {}

export const ENTITY_REPORT_OPTIONS = ['digits', 'mode', 'scheme', 'suffix', 'zeroDivision'];

export interface EntityScores {
  /** By entity type, in the order of code points. */
  perType: Record<string, Score>;
  /** From the counts of all types together. */
  micro: Score;
  /** Unweighted mean over types; NaN where there are no entities. */
  macro: Score;
  /** Mean over types weighted by support. */
  weighted: Score;
}

/**
 * Scores of entities, equal to seqeval's classification report. With a null scheme in strict mode they are strict
 * too, as in its report, where its f1_score and the like fall back to the default mode.
 *
 * `yTrue`, `yPred`: gold and predicted tags, a list a sentence. Throws an OptionError for lengths that differ, no
 * sentence at all, what is not a tag and, in strict mode, tags that the scheme does not have.
 */
export function entityScores(
  yTrue: readonly (readonly string[])[],
  yPred: readonly (readonly string[])[],
  options: EntityReportOptions = {},
): EntityScores {
  checkKnownOptions('entityScores', options, ENTITY_REPORT_OPTIONS);
  return entityScoresOf(countEntities(yTrue, yPred, options), options);
}

/** The scores of what has been counted. */
export function entityScoresOf(counts: EntityCounts, { zeroDivision = 0 }: ScoreOptions = {}): EntityScores {
  const value = checkZeroDivision(zeroDivision);
  const types = [...counts.byType].sort(([a], [b]) => compareCodePoints(a, b));
  const perType = types.map(([type, tally]) => [type, entityScore(tally, value)] as const);
  const scores = perType.map(([, score]) => score);
  const micro = entityScore(sumTallies(types.map(([, tally]) => tally)), value);
  return {
    perType: Object.fromEntries(perType),
    micro,
    macro: macroAverage(scores),
    // Without support the mean is undefined; as in seqeval, it is then what the counts together give.
    weighted: micro.support === 0 ? { ...micro } : weightedAverage(scores),
  };
}

function entityScore({ actual, predicted, correct }: Tally, zeroDivision: ZeroDivision): Score {
  const precision = divide(correct, predicted, zeroDivision);
  const recall = divide(correct, actual, zeroDivision);
  const f1 = divide(2 * precision * recall, precision + recall, 0);
  return { precision, recall, f1, support: actual };
}

function sumTallies(tallies: readonly Tally[]): Tally {
  const sum = { actual: 0, predicted: 0, correct: 0 };
  for (const { actual, predicted, correct } of tallies) {
    sum.actual += actual;
    sum.predicted += predicted;
    sum.correct += correct;
  }
  return sum;
}
