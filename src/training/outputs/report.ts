import { join } from 'node:path';
import type { EntityScores } from '../../evaluation/entity-scores.ts';
import type { WordScores } from '../../evaluation/word-scores.ts';
import { writeFileAtomically } from '../../files.ts';
import { classificationReport } from '../../report/classification-report.ts';
import type { Evaluation } from '../evaluate.ts';
import type { EvaluationEvent, TrainerEvent } from '../events.ts';
import { describeMetric, type Metric } from '../metric.ts';
import type { Recorder } from './recorder.ts';

/** The content of report.json. */
export interface RunReport {
  /** In order: one at the end of each epoch, and those between. */
  evaluations: EvaluationReport[];
  /** That of the model that was kept; null without validation data. */
  best: EvaluationReport | null;
}

export interface EvaluationReport {
  /** Counted from 1. */
  epoch: number;
  /** Optimizer steps before it. */
  step: number;
  /** Mean training loss per labelled word of the epoch until then. */
  lossTr: number;
  /** Null at the end of an epoch that was not evaluated. */
  evaluation: ScoreReport | null;
}

/** Scores as numbers. One that is not defined, such as a mean over no types, is null in JSON. */
export interface ScoreReport {
  /** Mean loss per labelled word. */
  loss: number;
  entities: EntityScores;
  words: WordScores;
  sentences: number;
  scoredWords: number;
  /** Of the words, those that a single window a sentence would have lost. */
  wordsLostToCut?: number;
}

/** Writes report.json after each evaluation, and classification_report.txt after each best one. */
export class ReportRecorder implements Recorder {
  readonly #folder: string;
  readonly #report: RunReport = { evaluations: [], best: null };
  readonly #metric: Metric;
  #nEpochs = 0;

  constructor(folder: string, metric: Metric) {
    this.#folder = folder;
    this.#metric = metric;
  }

  async record(event: TrainerEvent): Promise<void> {
    if (event.type === 'start') this.#nEpochs = event.epochs;
    if (event.type !== 'evaluation') return;
    this.recall(event);
    await writeFileAtomically(join(this.#folder, 'report.json'), jsonText(this.#report));
    const { epoch, lossTr, evaluation, best } = event;
    if (!best || !evaluation) return;
    const text = classificationReport({
      ...evaluation,
      epoch,
      nEpochs: this.#nEpochs,
      metric: describeMetric(this.#metric),
      lossTr,
      lossVal: evaluation.loss,
    });
    await writeFileAtomically(join(this.#folder, 'classification_report.txt'), text);
  }

  recall(event: TrainerEvent): void {
    if (event.type !== 'evaluation') return;
    const report = evaluationReport(event);
    this.#report.evaluations.push(report);
    if (event.best && event.evaluation) this.#report.best = report;
  }

  async close(): Promise<void> {}
}

/** The numbers of an evaluation, without its tables. */
export function scoreReport({ loss, entities, words, ...counts }: Evaluation): ScoreReport {
  const { sentences, scoredWords, wordsLostToCut } = counts;
  return {
    loss,
    entities,
    words,
    sentences,
    scoredWords,
    ...(wordsLostToCut !== undefined && { wordsLostToCut }),
  };
}

/** JSON as people read it. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function evaluationReport({ epoch, step, lossTr, evaluation }: EvaluationEvent): EvaluationReport {
  return { epoch, step, lossTr, evaluation: evaluation ? scoreReport(evaluation) : null };
}
