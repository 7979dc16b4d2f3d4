// @ts-check
/* A figure of both sides, and how the table shows it. */
import { median, shown, shownPercent, shownRange, shownRatio } from './figures.mjs';

export const TABLE_HEAD = `\
| work | nerbert | Python | times as fast | of the rounds | MB | Python's | times | share of the limit | Python's |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |`;

/** @typedef {import('./rows.mjs').Measurement} Measurement */

/**
 * Medians, and ratios above 1 where nerbert is better; what was not measured is NaN.
 *
 * @param {import('./rows.mjs').Figure} figure
 * @param {Measurement[]} ours
 * @param {Measurement[]} theirs each measured after ours of the same place; none without the reference
 * @param {{ operations: (labelledShare: number) => number, peak: import('./reference.mjs').Peak | undefined }} limit
 */
export function compare({ name, unit, key, better, limit }, ours, theirs, { operations, peak }) {
  const of = (/** @type {Measurement[]} */ all, /** @type {string} */ wanted) =>
    median(all.map(one => one[wanted] ?? Number.NaN));
  const times = (/** @type {number} */ a, /** @type {number} */ b) => (better === 'more' ? a / b : b / a);
  const work = operations(of(ours, 'labelled_share'));
  const share = (/** @type {number} */ speed, /** @type {import('./rows.mjs').Dtype | undefined} */ dtype) =>
    dtype ? (speed * work) / (peak?.[dtype] ?? Number.NaN) : Number.NaN;
  const [a, b] = [of(ours, key), of(theirs, key)];
  const [memory, memoryB] = [of(ours, 'peak_rss_mb'), of(theirs, 'peak_rss_mb')];
  return {
    name,
    unit,
    nerbert: a,
    python: b,
    timesAsFast: times(a, b),
    ofRounds: theirs.map((one, round) => times(ours[round]?.[key] ?? Number.NaN, one[key] ?? Number.NaN)),
    memoryMb: memory,
    pythonMemoryMb: memoryB,
    timesTheMemory: memory / memoryB,
    shareOfLimit: share(a, limit?.ours),
    pythonShareOfLimit: share(b, limit?.theirs),
  };
}

/** @param {ReturnType<typeof compare>} line */
export function tableLine(line) {
  const cells = [
    `${line.name} (${line.unit})`,
    shown(line.nerbert),
    shown(line.python),
    shownRatio(line.timesAsFast),
    shownRange(line.ofRounds),
    shown(Math.round(line.memoryMb)),
    shown(Math.round(line.pythonMemoryMb)),
    shownRatio(line.timesTheMemory),
    shownPercent(line.shareOfLimit),
    shownPercent(line.pythonShareOfLimit),
  ];
  return `| ${cells.join(' | ')} |`;
}
