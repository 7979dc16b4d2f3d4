import type { Configuration } from './grid.ts';
import { shownPath } from './paths.ts';
import { type RunScores, type ScoreLine, type ScoreSummary, scoreTable, summarise } from './run-scores.ts';
import type { FinishedRun } from './run-set.ts';

/** A configuration with its runs, one for each seed. */
export interface Trial {
  configuration: Configuration;
  runs: readonly FinishedRun[];
  /** The mean over its runs; -1 if one of them failed. */
  f1: number;
  /** Undefined if a run failed. */
  scores: ScoreSummary | undefined;
  /** As seeds.json and grid.json have it. */
  summary: object;
}

export function trialOf(configuration: Configuration, runs: readonly FinishedRun[]): Trial {
  const scored = runs.flatMap(({ result }) => ('scores' in result ? [result.scores] : []));
  const scores = scored.length === runs.length ? summarise(scored) : undefined;
  const summary = {
    options: configuration.options,
    runs: runs.map(({ run, result }) => ({ seed: run.seed, dir: shownPath(run.outputDir), ...result })),
    mean: scores?.mean ?? null,
    std: scores?.std ?? null,
  };
  return { configuration, runs, f1: scores?.mean.f1 ?? -1, scores, summary };
}

/** The scores of each seed, with mean and standard deviation. */
export function seedsTable([trial]: readonly Trial[]): string {
  if (!trial) return '';
  const lines: ScoreLine[] = trial.runs.map(({ run, result }) => [`${run.seed}`, scoresOrFailure(result)]);
  if (trial.scores) lines.push(['mean', trial.scores.mean]);
  if (trial.scores?.std) lines.push(['std', trial.scores.std]);
  return scoreTable('seed', lines);
}

/** The mean scores of each configuration, in the order given; with several seeds, the deviation of their F1. */
export function gridTable(trials: readonly Trial[]): string {
  return scoreTable(
    'configuration',
    trials.map(({ configuration: { name }, scores, runs }) => [
      name,
      scores ? withDeviation(scores) : failureOf(runs),
    ]),
  );
}

function withDeviation({ mean, std }: ScoreSummary): RunScores {
  return std ? { ...mean, f1Std: std.f1 } : mean;
}

function failureOf(runs: readonly FinishedRun[]): string {
  const [failed] = runs.flatMap(({ run, result }) =>
    'failure' in result ? [`${runs.length > 1 ? `seed ${run.seed}: ` : ''}${result.failure}`] : [],
  );
  return failed ?? '';
}

function scoresOrFailure(result: FinishedRun['result']): RunScores | string {
  return 'scores' in result ? result.scores : result.failure;
}
