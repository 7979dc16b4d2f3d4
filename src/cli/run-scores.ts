import type { Evaluation } from '../training/evaluate.ts';
import type { BestEpoch } from '../training/events.ts';
import { alignedTable } from './table.ts';

/** What runs are compared by: scores of the best epoch on the evaluation file, and on the test file where there is one. */
export interface RunScores {
  epoch: number;
  /** Of entities, micro-averaged. */
  precision: number;
  recall: number;
  f1: number;
  /** Standard deviation of F1 over the seeds, where these scores are means. */
  f1Std?: number;
  /** Of words, averaged over tags. */
  wordF1: number;
  loss: number;
  testPrecision?: number;
  testRecall?: number;
  testF1?: number;
}

/** Mean and standard deviation of each score; the latter, with n - 1, is undefined for a single run. */
export interface ScoreSummary {
  mean: RunScores;
  std: RunScores | undefined;
}

const columns: readonly [name: keyof RunScores, title: string][] = [
  ['epoch', 'epoch'],
  ['precision', 'precision'],
  ['recall', 'recall'],
  ['f1', 'F1'],
  ['f1Std', 'F1 std'],
  ['wordF1', 'words F1'],
  ['loss', 'loss'],
  ['testPrecision', 'test precision'],
  ['testRecall', 'test recall'],
  ['testF1', 'test F1'],
];

export function runScores({ epoch, evaluation }: BestEpoch, test: Evaluation | undefined): RunScores {
  const { precision, recall, f1 } = evaluation.entities.micro;
  return {
    epoch,
    precision,
    recall,
    f1,
    wordF1: evaluation.words.f1,
    loss: evaluation.loss,
    ...(test && {
      testPrecision: test.entities.micro.precision,
      testRecall: test.entities.micro.recall,
      testF1: test.entities.micro.f1,
    }),
  };
}

/** @param runs at least one, all with the same scores */
export function summarise(runs: readonly RunScores[]): ScoreSummary {
  const each = (statistic: (values: number[]) => number) => {
    const names = Object.keys(runs[0] ?? {}) as (keyof RunScores)[];
    const values = names.map(name => [name, statistic(runs.map(run => run[name] ?? Number.NaN))]);
    return Object.fromEntries(values) as RunScores;
  };
  return { mean: each(mean), std: runs.length < 2 ? undefined : each(deviation) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of a sample: divided by n - 1. */
function deviation(values: readonly number[]): number {
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

/** A line of a table of scores: its name, and scores or why there are none. */
export type ScoreLine = [name: string, scores: RunScores | string];

/** Lines of scores under a heading; scores that no line has are left out. */
export function scoreTable(heading: string, lines: readonly ScoreLine[]): string {
  const shown = columns.filter(([name]) =>
    lines.some(([, scores]) => typeof scores !== 'string' && scores[name] !== undefined),
  );
  const scored = lines.filter((line): line is [string, RunScores] => typeof line[1] !== 'string');
  const table = alignedTable([
    [heading, ...shown.map(([, title]) => title)],
    ...scored.map(([name, scores]) => [
      name,
      ...shown.map(([column]) => formatScore(column, scores[column])),
    ]),
  ]);
  const failed = lines.flatMap(([name, scores]) =>
    typeof scores === 'string' ? [`${name}: ${scores}`] : [],
  );
  return [...(scored.length > 0 ? [table] : []), ...failed].join('\n');
}

function formatScore(column: keyof RunScores, value = Number.NaN): string {
  if (column === 'epoch') return Number.isInteger(value) ? String(value) : value.toFixed(1);
  return value.toFixed(4);
}
