// @ts-check
/* Numbers of several measurements, and how a table shows them. */

/** @param {number[]} values */
export const median = values => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
};

/** Four digits at most: no measurement here knows more. @param {number} value */
export const shown = value => (Number.isFinite(value) ? `${Number(value.toPrecision(4))}` : '');

/** @param {number} ratio */
export const shownRatio = ratio => (Number.isFinite(ratio) ? ratio.toFixed(2) : '');

/** The lowest and the highest. @param {number[]} ratios */
export const shownRange = ratios =>
  ratios.length > 1 ? `${shownRatio(Math.min(...ratios))}–${shownRatio(Math.max(...ratios))}` : '';

/** @param {number} share */
export const shownPercent = share => (Number.isFinite(share) ? `${Math.round(share * 100)} %` : '');
