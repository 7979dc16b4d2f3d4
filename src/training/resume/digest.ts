import { createHash } from 'node:crypto';
import type { PackedBatch } from '../../batch.ts';
import type { DataSample } from '../../data/sample.ts';

/** Hexadecimal digits that are kept: enough for what differs by mistake. */
const DIGITS = 16;

/** Of all values of packed batches, in their order. */
export function batchDigest(batches: readonly PackedBatch[]): string {
  const hash = createHash('sha256');
  for (const { inputIds, tokenTypeIds, labels, boundaries } of batches) {
    for (const values of [inputIds, tokenTypeIds, labels, boundaries]) {
      hash.update(`${values?.length};`);
      if (values) hash.update(values);
    }
  }
  return hash.digest('hex').slice(0, DIGITS);
}

/** Of all words and labels, in their order. */
export function sampleDigest(samples: readonly DataSample[]): string {
  const hash = createHash('sha256');
  for (const { words, labels } of samples) hash.update(`${words.join('\t')}\n${labels.join('\t')}\n`);
  return hash.digest('hex').slice(0, DIGITS);
}

export function numberDigest(numbers: readonly number[]): string {
  return createHash('sha256').update(Float64Array.from(numbers)).digest('hex').slice(0, DIGITS);
}
