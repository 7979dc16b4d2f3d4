import { IGNORE_INDEX, type PackedBatch } from '../batch.ts';
import { DataLoader } from '../data/dataloader.ts';
import type { AnyBatch } from '../engine/packing.ts';
import { OptionError } from '../errors.ts';
import { checkLabelIds } from './label-ids.ts';

/**
 * Batches that can be gone through once an epoch. A DataLoader is one, an array of batches another. A run is resumed
 * exactly if the loader gives the same batches again: always, or by its writable `epoch`, from 0, that the next
 * iteration serves and that each iteration raises by one.
 */
export type BatchLoader = Iterable<AnyBatch> & { readonly length?: number; epoch?: number };

/**
 * @param passes how often it will be gone through
 * @throws OptionError for what is no loader, for a generator that is to serve more than one pass, and for a DataLoader
 *   whose label ids are not the model's
 */
export function checkLoader(
  option: string,
  loader: unknown,
  label2id: Readonly<Record<string, number>>,
  passes = 1,
): BatchLoader {
  if (typeof loader !== 'object' || loader === null || !(Symbol.iterator in loader)) {
    throw new OptionError(option, 'a DataLoader or another iterable of batches', loader);
  }
  if (passes > 1 && 'next' in loader) {
    throw new OptionError(
      option,
      'batches that can be gone through anew each epoch',
      'a generator',
      'Give a DataLoader or an array',
    );
  }
  if (loader instanceof DataLoader) {
    checkLabelIds(`${option}.dataset.labels2ind`, loader.dataset.labels2ind, label2id);
  }
  return loader as BatchLoader;
}

/** The error for a loader that had nothing to learn from, or to score. */
export function noLabelledWord(option: string, epoch?: number): OptionError {
  const when = epoch === undefined ? '' : ` in epoch ${epoch}`;
  return new OptionError(option, `at least one labelled word${when}`, 0);
}

/** Groups of `size` micro-batches, each for one optimizer step; the last one may be smaller. */
export function* stepBatches(loader: BatchLoader, size: number): Generator<AnyBatch[]> {
  let group: AnyBatch[] = [];
  for (const batch of loader) {
    group.push(batch);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/** Labelled words of a batch, and the sum of their class weights, which is their number where there are none. */
export interface LabelCount {
  words: number;
  weight: number;
}

/** A word's label stands at its first piece alone, so these are the labels that are not -100. */
export function countLabels(
  { labels = new Int32Array() }: PackedBatch,
  classWeights?: Float32Array,
): LabelCount {
  const count: LabelCount = { words: 0, weight: 0 };
  for (const label of labels) {
    if (label === IGNORE_INDEX) continue;
    count.words++;
    count.weight += classWeights?.[label] ?? 1;
  }
  return count;
}
