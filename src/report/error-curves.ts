import { checkInteger } from '../check.ts';
import { OptionError } from '../errors.ts';
import type { Axis, Figure, Marker, Panel, Series } from './figure.ts';

export interface ErrorCurvesInput {
  /** Mean training loss per labelled word of each epoch, from epoch 1. */
  lossTrEpochs: readonly number[];
  /** Mean validation loss per labelled word of each evaluation; none or empty without validation. */
  lossValEpochs?: readonly number[];
  /** Entity F1 (0 to 1) on the validation set of each evaluation: drawn in a panel of its own. */
  f1?: readonly number[];
  /** Where the evaluations lie: epoch e ends at e. Default: one at the end of each epoch. */
  evaluatedAt?: readonly number[];
  /** The place of the evaluation that was kept: marked. */
  bestEpoch?: number;
}

/**
 * Training and validation loss, and entity F1 where given, against the epoch. A value that is not finite is left out
 * of its curve and named below the title.
 *
 * @throws {OptionError} without any epoch, or if `bestEpoch` is not one of them
 */
export function errorCurves(input: ErrorCurvesInput): Figure {
  const { lossTrEpochs, lossValEpochs = [], f1 = [], evaluatedAt, bestEpoch } = input;
  const nEpochs = lossTrEpochs.length;
  if (nEpochs === 0) throw new OptionError('lossTrEpochs', 'the training loss of at least one epoch', []);

  const losses = [perEpoch('training loss', lossTrEpochs)];
  if (lossValEpochs.length > 0) losses.push(perEpoch('validation loss', lossValEpochs, evaluatedAt));
  const scores = f1.length > 0 ? [perEpoch('entity F1', f1, evaluatedAt)] : [];

  const markers: Marker[] = [];
  const notes = [...losses, ...scores].flatMap(gapNote);
  if (bestEpoch !== undefined) {
    checkBestEpoch(bestEpoch, nEpochs, evaluatedAt);
    markers.push({ x: bestEpoch, label: 'best epoch' });
    notes.unshift(bestEpochNote(bestEpoch, [...losses, ...scores]));
  }

  const x: Axis = { title: 'epoch', ticks: 'integer' };
  const loss: Axis = { title: 'loss per labelled word (nats)', ticks: 'decimal' };
  const panels: Panel[] = [{ x, y: loss, series: losses, markers }];
  if (scores.length > 0) {
    const unlabelled = markers.map(marker => ({ ...marker, label: '' }));
    const score: Axis = { title: 'entity F1', ticks: 'decimal' };
    panels.push({ x, y: score, series: scores, markers: unlabelled });
  }
  const what = lossValEpochs.length > 0 ? 'Training and validation loss' : 'Training loss';
  return { title: `${what}${scores.length > 0 ? ' and entity F1' : ''} per epoch`, notes, panels };
}

function perEpoch(name: string, values: readonly number[], places?: readonly number[]): Series {
  return { name, points: values.map((y, index) => ({ x: places?.[index] ?? index + 1, y })) };
}

function checkBestEpoch(bestEpoch: number, nEpochs: number, evaluatedAt?: readonly number[]): void {
  if (evaluatedAt === undefined) checkInteger('bestEpoch', bestEpoch, 1, nEpochs);
  else if (!evaluatedAt.includes(bestEpoch)) {
    throw new OptionError('bestEpoch', 'a place of an evaluation', bestEpoch);
  }
}

function bestEpochNote(epoch: number, series: readonly Series[]): string {
  const values = series.flatMap(({ name, points }) => {
    const y = points.find(({ x }) => x === epoch)?.y;
    return y === undefined ? [] : [`${name} ${y.toFixed(4)}`];
  });
  return `best epoch ${Number(epoch.toFixed(2))}: ${values.join(', ')}`;
}

function gapNote({ name, points }: Series): string[] {
  const gaps = points.filter(({ y }) => !Number.isFinite(y));
  const shown = gaps.slice(0, 4).map(({ x, y }) => `${y} at epoch ${x}`);
  if (gaps.length > shown.length) shown.push(`${gaps.length - shown.length} more`);
  return gaps.length === 0 ? [] : [`not drawn: ${name} ${shown.join(', ')}`];
}
