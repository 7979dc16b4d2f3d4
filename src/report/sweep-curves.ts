import type { RangeTestCurve } from './range-test-curves.ts';

/** The history of one range test. */
interface History {
  lr: readonly number[];
  loss: readonly number[];
}

/**
 * One curve from the range tests of a configuration with several seeds, all with the same rates: the mean of their
 * smoothed losses, as far as all of them go.
 *
 * @param skipped iterations left out at both ends
 * @param suggestion the point of the curve nearest to it is ringed
 */
export function meanCurve(
  name: string,
  histories: readonly History[],
  skipped: { skipStart: number; skipEnd: number },
  suggestion?: number,
): RangeTestCurve {
  const end = Math.min(...histories.map(({ loss }) => loss.length - skipped.skipEnd));
  const lr = histories[0]?.lr.slice(skipped.skipStart, Math.max(skipped.skipStart, end)) ?? [];
  const loss = lr.map(
    (_, i) =>
      histories.reduce((sum, history) => sum + (history.loss[skipped.skipStart + i] ?? Number.NaN), 0) /
      histories.length,
  );
  if (suggestion === undefined || lr.length === 0) return { name, lr, loss };
  const distance = (rate: number) => Math.abs(Math.log(rate / suggestion));
  return {
    name,
    lr,
    loss,
    ringed: lr.reduce((near, rate) => (distance(rate) < distance(near) ? rate : near)),
  };
}
