import { OptionError } from '../errors.ts';
import { checkSamples, type DataSample } from './sample.ts';

/** Labels of a corpus: their ids, and how many words carry each. */
export interface LabelCounts {
  labels2ind: Record<string, number>;
  labelsCount: Record<string, number>;
}

/**
 * The labels found in `samples`, numbered from 0 in the order of their code points, so that the same labels get the
 * same ids whatever the order of the sentences.
 */
export function getLabels(samples: readonly DataSample[]): LabelCounts {
  checkSamples('samples', samples);
  const counts = new Map<string, number>();
  for (const { labels } of samples) {
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([a], [b]) => compareCodePoints(a, b));
  return {
    labels2ind: Object.fromEntries(sorted.map(([label], index) => [label, index])),
    labelsCount: Object.fromEntries(sorted),
  };
}

/** JavaScript compares strings by UTF-16 unit; the order of their UTF-8 bytes is that of the code points. */
export function compareCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** `labels2ind` as a map, checked: distinct ids that are integers from 0. */
export function checkLabels2ind(labels2ind: unknown): ReadonlyMap<string, number> {
  if (typeof labels2ind !== 'object' || labels2ind === null || Array.isArray(labels2ind)) {
    throw new OptionError('labels2ind', 'an object of label: id, as getLabels makes it', labels2ind);
  }
  const ids = new Map<string, number>();
  const labelOf = new Map<number, string>();
  for (const [label, id] of Object.entries(labels2ind)) {
    if (!Number.isSafeInteger(id) || id < 0) {
      throw new OptionError(`labels2ind[${JSON.stringify(label)}]`, 'an integer of at least 0', id);
    }
    const other = labelOf.get(id);
    if (other !== undefined) {
      throw new OptionError('labels2ind', 'a different id for each label', `${id} for ${other} and ${label}`);
    }
    ids.set(label, id);
    labelOf.set(id, label);
  }
  return ids;
}
