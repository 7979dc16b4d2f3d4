import { OptionError } from '../errors.ts';
import type { Figure, Point } from './figure.ts';

export interface LearningRateCurveInput {
  /** Learning rate of each optimizer step, from step 1. */
  learningRates: readonly number[];
}

/** Twice as many points at most are drawn, about one a pixel. */
const BUCKETS = 400;

/**
 * The learning rate against the optimizer step.
 *
 * @throws {OptionError} without any step
 */
export function learningRateCurve({ learningRates }: LearningRateCurveInput): Figure {
  if (learningRates.length === 0) throw new OptionError('learningRates', 'the rate of at least one step', []);
  const points = learningRates.map((y, index) => ({ x: index + 1, y }));
  const peak = points.reduce((highest, point) => (point.y > highest.y ? point : highest));
  const rate = peak.y === 0 ? '0' : Number(peak.y.toPrecision(3)).toExponential();
  const count = (n: number) => n.toLocaleString('en-US');
  return {
    title: 'Learning rate per optimizer step',
    notes: [`highest: ${rate} at step ${count(peak.x)} of ${count(points.length)}`],
    panels: [
      {
        x: { title: 'optimizer step', ticks: 'integer' },
        y: { title: 'learning rate', ticks: 'scientific' },
        series: [{ name: 'learning rate', points: thinned(points) }],
        markers: [],
      },
    ],
  };
}

/** The lowest and highest point of each of `BUCKETS` equal stretches, so that no peak is lost, and both ends. */
function thinned(points: readonly Point[]): Point[] {
  if (points.length <= 2 * BUCKETS) return [...points];
  const kept = new Set([...points.slice(0, 1), ...points.slice(-1)]);
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const start = Math.floor((bucket * points.length) / BUCKETS);
    const end = Math.floor(((bucket + 1) * points.length) / BUCKETS);
    const stretch = points.slice(start, end);
    kept.add(stretch.reduce((lowest, point) => (point.y < lowest.y ? point : lowest)));
    kept.add(stretch.reduce((highest, point) => (point.y > highest.y ? point : highest)));
  }
  return [...kept].sort((a, b) => a.x - b.x);
}
