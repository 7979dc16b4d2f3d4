import { getClassWeights } from '../data/class-weights.ts';
import { getLabels } from '../data/labels.ts';
import type { DataSample } from '../data/sample.ts';
import { DataError, describe } from '../errors.ts';
import { readJsonObject } from './json-file.ts';

const FLOAT32_MAX = 3.4028234663852886e38;

/**
 * The weight of each tag in the loss, by its id.
 *
 * @param choice `balanced`: from the training sentences; else a JSON file of tag: weight
 * @param tags in the order of their ids
 * @throws OptionError for a tag that occurs in no training sentence and so cannot be balanced
 * @throws DataError for a file without a usable weight for each tag, or with one for another tag
 */
export async function classWeightsOf(
  choice: string,
  tags: readonly string[],
  training: DataSample[],
): Promise<Float32Array> {
  if (choice === 'balanced') {
    const labels2ind = Object.fromEntries(tags.map((tag, id) => [tag, id]));
    return getClassWeights(labels2ind, getLabels(training).labelsCount);
  }
  const weights = new Map(Object.entries(await readJsonObject(choice, 'tag: weight for --class-weights')));
  const refuse = (problem: string) => {
    const known = `The tags are ${tags.join(', ')}`;
    return new DataError(`Expected a weight of at least 0 for each tag but ${problem}. ${known}`, choice);
  };
  for (const tag of weights.keys()) {
    if (!tags.includes(tag)) throw refuse(`found one for ${JSON.stringify(tag)}, which is none`);
  }
  const values = tags.map(tag => {
    const weight = weights.get(tag);
    if (typeof weight === 'number' && weight >= 0 && weight <= FLOAT32_MAX) return weight;
    throw refuse(`found ${weight === undefined ? 'none' : describe(weight)} for ${JSON.stringify(tag)}`);
  });
  if (values.every(weight => weight === 0)) throw refuse('found 0 for all');
  return Float32Array.from(values);
}
