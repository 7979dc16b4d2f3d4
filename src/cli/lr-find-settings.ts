import { createHash } from 'node:crypto';
import type { DataSample } from '../data/sample.ts';
import type { SweepConfiguration } from '../training/lr-sweep.ts';
import type { Inputs } from './inputs.ts';
import type { LrFindOptions } from './lr-find-options.ts';
import type { SweepSettings } from './lr-find-results.ts';

/** The grid, in the order in which it is gone through. */
export function configurationsOf({ weightDecays, dropouts }: LrFindOptions): SweepConfiguration[] {
  return weightDecays.flatMap(weightDecay => dropouts.map(dropout => ({ weightDecay, dropout })));
}

/** Options of each range test, as LRFinder calls them. */
export function rangeTestSettings(sweep: LrFindOptions) {
  const { startLr, endLr, numIter, stepMode, smoothF, divergeTh, accumulateGradEvery } = sweep;
  return { startLr, endLr, numIter, stepMode, smoothF, divergeTh, accumulationSteps: accumulateGradEvery };
}

/** All that the runs depend on beside seed and configuration. */
export function settingsOf(
  sweep: LrFindOptions,
  { source: { model }, corpus, dtype }: Inputs,
): SweepSettings {
  const { startLr, endLr, numIter, stepMode, smoothF, divergeTh } = sweep;
  const { batchSize, accumulateGradEvery, optimizer, layerwiseDecay, freezeEmbeddings, freezeLayers } = sweep;
  const { clipping, classWeights, maxLenSeq, stride, groupByLength, limit } = sweep;
  return {
    ...{ model, trainFile: fingerprint(corpus.train), startLr, endLr, numIter, stepMode, smoothF, divergeTh },
    ...{ batchSize, accumulateGradEvery, optimizer, layerwiseDecay, freezeEmbeddings, freezeLayers },
    ...{ clipping, classWeights, maxLenSeq, stride, groupByLength, dtype, limit },
  };
}

function fingerprint(samples: readonly DataSample[]): string {
  const hash = createHash('sha256');
  for (const sample of samples) hash.update(JSON.stringify(sample));
  return `${samples.length} sentences, SHA-256 ${hash.digest('hex')}`;
}
