import { checkKnownOptions } from '../check.ts';
import { compareCodePoints } from '../data/labels.ts';
import { OptionError } from '../errors.ts';
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
import { WordCounts } from './word-counts.ts';

/** Options of `wordReport`; `wordScores` takes the same, and has no use for digits. */
export interface WordReportOptions extends ScoreOptions, ReportOptions {}

export const WORD_REPORT_OPTIONS = ['digits', 'zeroDivision'];

/** Scores of words. Precision, recall and F1 are the unweighted means over tags, O included; support counts words. */
export interface WordScores extends Score {
  /** Share of words with the right tag. */
  accuracy: number;
  /** Mean over tags weighted by support. */
  weighted: Score;
  /** By tag, in the order of code points. */
  perTag: Record<string, Score>;
}

/**
 * Scores of words, equal to scikit-learn's. `yTrue`, `yPred`: gold and predicted tags of all words in one list. Throws
 * an OptionError for lengths that differ, no word at all and what is not a tag.
 */
export function wordScores(
  yTrue: readonly string[],
  yPred: readonly string[],
  options: WordReportOptions = {},
): WordScores {
  checkKnownOptions('wordScores', options, WORD_REPORT_OPTIONS);
  const counts = new WordCounts();
  counts.add(yTrue, yPred);
  return wordScoresOf(counts, options);
}

/** The scores of what has been counted. Throws an OptionError if nothing has. */
export function wordScoresOf(counts: WordCounts, { zeroDivision = 0 }: ScoreOptions = {}): WordScores {
  const value = checkZeroDivision(zeroDivision);
  const tags = [...counts.byTag].sort(([a], [b]) => compareCodePoints(a, b));
  if (tags.length === 0) throw new OptionError('yTrue', 'the tag of at least one word', 'none');
  const perTag = tags.map(([tag, tally]) => [tag, wordScore(tally, value)] as const);
  const scores = perTag.map(([, score]) => score);
  const macro = macroAverage(scores);
  const correct = tags.reduce((sum, [, tally]) => sum + tally.correct, 0);
  return {
    ...macro,
    accuracy: correct / macro.support,
    weighted: weightedAverage(scores),
    perTag: Object.fromEntries(perTag),
  };
}

function wordScore({ actual, predicted, correct }: Tally, zeroDivision: ZeroDivision): Score {
  return {
    precision: divide(correct, predicted, zeroDivision),
    recall: divide(correct, actual, zeroDivision),
    f1: divide(2 * correct, actual + predicted, zeroDivision),
    support: actual,
  };
}
