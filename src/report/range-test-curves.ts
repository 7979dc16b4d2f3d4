import { OptionError } from '../errors.ts';
import type { Figure } from './figure.ts';

export interface RangeTestCurve {
  name: string;
  /** Learning rates, rising and above 0, and the smoothed loss of each. */
  lr: readonly number[];
  loss: readonly number[];
  /** A rate of the curve to ring. */
  ringed?: number;
}

export interface RangeTestCurvesInput {
  curves: readonly RangeTestCurve[];
  /** Lines below the title. */
  notes?: readonly string[];
  /** A rate to mark by a vertical line, and the range that it might as well lie in. */
  marked?: { rate: number; label: string; range?: readonly [low: number, high: number] };
}

/**
 * Smoothed loss against the learning rate, on a logarithmic axis.
 *
 * @throws {OptionError} without any point
 */
export function rangeTestCurves({ curves, notes = [], marked }: RangeTestCurvesInput): Figure {
  const series = curves.map(({ name, lr, loss, ringed }) => {
    const points = lr.map((x, i) => ({ x, y: loss[i] ?? Number.NaN }));
    return { name, points, ringed: points.filter(({ x }) => x === ringed) };
  });
  if (!series.some(({ points }) => points.length > 0)) {
    throw new OptionError('curves', 'the loss of at least one learning rate', []);
  }
  const [low, high] = marked?.range ?? [];
  return {
    title: 'Learning-rate range test',
    notes,
    panels: [
      {
        x: { title: 'learning rate', ticks: 'logarithmic' },
        y: { title: 'smoothed loss (nats)', ticks: 'decimal' },
        series,
        markers: marked ? [{ x: marked.rate, label: marked.label }] : [],
        bands: low !== undefined && high !== undefined && low < high ? [{ from: low, to: high }] : [],
      },
    ],
  };
}
