import type { Evaluation } from './evaluate.ts';

/** What decides which evaluation is the best. */
export type Metric = 'f1' | 'f1-macro' | 'word-f1' | 'loss';

interface MetricSpec {
  /** As texts name it: "the best epoch by …". */
  description: string;
  /** The higher, the better. */
  score(evaluation: Evaluation): number;
}

const metricSpecs: Record<Metric, MetricSpec> = {
  f1: { description: 'micro-averaged F1 of entities', score: ({ entities }) => entities.micro.f1 },
  'f1-macro': { description: 'macro-averaged F1 of entities', score: ({ entities }) => entities.macro.f1 },
  'word-f1': { description: 'macro-averaged F1 of words', score: ({ words }) => words.f1 },
  loss: { description: 'validation loss', score: ({ loss }) => -loss },
};

export const metrics = Object.keys(metricSpecs) as Metric[];

export function describeMetric(metric: Metric): string {
  return metricSpecs[metric].description;
}

/** How good an evaluation is: the higher, the better, so a loss counts negative. */
export function scoreOf(metric: Metric, evaluation: Evaluation): number {
  return metricSpecs[metric].score(evaluation);
}
