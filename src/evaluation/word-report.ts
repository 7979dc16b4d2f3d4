import { checkKnownOptions } from '../check.ts';
import { compareCodePoints } from '../data/labels.ts';
import { formatReport, type ReportOptions } from './report-table.ts';
import { WORD_REPORT_OPTIONS, type WordReportOptions, type WordScores, wordScores } from './word-scores.ts';

/**
 * The classification report of words, character by character as scikit-learn prints it. `yTrue`, `yPred`: gold and
 * predicted tags of all words in one list. Throws an OptionError where `wordScores` does.
 */
export function wordReport(
  yTrue: readonly string[],
  yPred: readonly string[],
  options: WordReportOptions = {},
): string {
  checkKnownOptions('wordReport', options, WORD_REPORT_OPTIONS);
  return formatWordReport(wordScores(yTrue, yPred, options), options);
}

/** The report of scores computed before. */
export function formatWordReport(scores: WordScores, { digits }: ReportOptions = {}): string {
  // Where no word at all is right, scikit-learn counts in floats and prints the support 3 as 3.0.
  const support = (count: number) => (scores.accuracy === 0 ? count.toFixed(1) : count);
  const total = support(scores.support);
  const tags = Object.entries(scores.perTag).sort(([a], [b]) => compareCodePoints(a, b));
  const { accuracy, precision, recall, f1, weighted } = scores;
  return formatReport(
    tags.map(([name, score]) => ({ name, ...score, support: support(score.support) })),
    [
      { name: 'accuracy', f1: accuracy, support: total },
      { name: 'macro avg', precision, recall, f1, support: total },
      { name: 'weighted avg', ...weighted, support: total },
    ],
    digits,
  );
}
