import { OptionError } from '../errors.ts';
import { checkLabels2ind } from './labels.ts';

/**
 * Weights that make rare labels count as much as frequent ones: all words over the words with the label, divided by the
 * largest such value, so that the rarest label has weight 1.
 *
 * `labels2ind`, `labelsCount`: as `getLabels` makes them. Answers one weight a label, shape (labels), in the order of
 * their ids. Throws an OptionError for a label without words, whose weight would be infinite, for counts of other
 * labels, and unless the ids are consecutive from 0.
 */
export function getClassWeights(
  labels2ind: Readonly<Record<string, number>>,
  labelsCount: Readonly<Record<string, number>>,
): Float32Array {
  const ids = checkLabels2ind(labels2ind);
  checkLabelsCount(labelsCount, ids);
  const total = Object.values(labelsCount).reduce((sum, count) => sum + count, 0);
  const inverseFrequencies = new Float64Array(ids.size);
  for (const [label, id] of ids) {
    if (id >= ids.size)
      throw new OptionError(`labels2ind[${JSON.stringify(label)}]`, `an id below ${ids.size}`, id);
    inverseFrequencies[id] = total / (labelsCount[label] ?? 0);
  }
  const largest = Math.max(...inverseFrequencies);
  return Float32Array.from(inverseFrequencies, value => value / largest);
}

/** Throws an OptionError unless there are counts, all positive, of exactly the labels in `ids`. */
function checkLabelsCount(labelsCount: unknown, ids: ReadonlyMap<string, number>): void {
  if (typeof labelsCount !== 'object' || labelsCount === null || Array.isArray(labelsCount)) {
    throw new OptionError(
      'labelsCount',
      'an object of label: number of words, as getLabels makes it',
      labelsCount,
    );
  }
  const counts = new Map<string, unknown>(Object.entries(labelsCount));
  for (const label of counts.keys()) {
    if (ids.has(label)) continue;
    throw new OptionError(
      'labelsCount',
      'labels of labels2ind only',
      label,
      'Take both from one call of getLabels',
    );
  }
  for (const label of ids.keys()) {
    const count = counts.get(label);
    if (typeof count === 'number' && Number.isSafeInteger(count) && count > 0) continue;
    throw new OptionError(
      `labelsCount[${JSON.stringify(label)}]`,
      'an integer of at least 1',
      count,
      'A label without words has no weight: train without class weights, or give weights of your own',
    );
  }
}
