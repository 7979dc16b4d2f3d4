import type { Figure } from '../report/figure.ts';
import { rangeTestCurves } from '../report/range-test-curves.ts';
import { meanCurve } from '../report/sweep-curves.ts';
import type { LRAdvice } from '../training/lr-advice.ts';
import { type ConfigurationSummary, rateText, suggestedText } from './lr-find-messages.ts';
import type { LrFindOptions } from './lr-find-options.ts';

/** A curve for each configuration, and what all suggest together; undefined where every run ended too early for one. */
export function sweepFigure(
  summaries: readonly ConfigurationSummary[],
  { suggested }: LRAdvice,
  sweep: LrFindOptions,
): Figure | undefined {
  const seeds = sweep.seeds.length;
  const curves = summaries.map(({ weightDecay, dropout, advice, runs }) =>
    meanCurve(`decay ${weightDecay}, dropout ${dropout}`, runs, sweep, advice.valley?.median),
  );
  if (curves.every(({ lr }) => lr.length === 0)) return undefined;
  return rangeTestCurves({
    curves,
    notes: [
      `${seeds === 1 ? 'one seed' : `mean of ${seeds} seeds`}; rings: valley of each configuration`,
      suggested ? `suggested: ${suggestedText(suggested)}` : 'no rate can be suggested',
    ],
    ...(suggested && {
      marked: {
        rate: suggested.median,
        label: `suggested ${rateText(suggested.median)}`,
        range: [suggested.low, suggested.high],
      },
    }),
  });
}
