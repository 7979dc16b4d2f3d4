import { IGNORE_INDEX } from '../batch.ts';
import type { AnyBatch } from '../engine/packing.ts';
import { OptionError } from '../errors.ts';

/** Batches that can be gone through once an epoch. A DataLoader is one, an array of batches another. */
export type BatchLoader = Iterable<AnyBatch> & { readonly length?: number };

/** @throws OptionError */
export function checkLoader(option: string, loader: unknown): BatchLoader {
  if (typeof loader === 'object' && loader !== null && Symbol.iterator in loader)
    return loader as BatchLoader;
  throw new OptionError(option, 'a DataLoader or another iterable of batches', loader);
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

/** Labelled pieces, which are labelled words, of a batch in any form. */
export function labelledWords(batch: AnyBatch): number {
  const labels = Array.isArray(batch) ? batch[1] : batch.labels;
  return labels?.reduce((count, label) => count + (label === IGNORE_INDEX ? 0 : 1), 0) ?? 0;
}
