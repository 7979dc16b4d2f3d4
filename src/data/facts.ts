import type { NerDataset } from './dataset.ts';
import { getLabels } from './labels.ts';
import { rowLength } from './rows.ts';

/** What sentences are like for a model that sees `maxLenSeq` pieces at once. */
export interface DataFacts {
  sentences: number;
  words: number;
  /** Words by tag, in the order of code points. */
  tags: Record<string, number>;
  /** Pieces of a sentence, without special tokens, uncut. Median and 95th percentile are lengths that occur. */
  pieces: { median: number; p95: number; longest: number };
  /** Sentences beyond `maxLenSeq`. */
  longSentences: number;
  /** Sequences that the model sees: as many as sentences, and more for long ones. */
  windows: number;
  /** Pieces of all windows, special tokens included. */
  positions: number;
  /** Words that a single window a sentence would lose. */
  wordsLostToCut: number;
  /** Share of positions that padding every sentence to `maxLenSeq` would waste. */
  paddingShare: number;
}

/** Goes through all sentences of a data set, encoding those that are not yet. */
export function dataFacts(dataset: NerDataset): DataFacts {
  const { samples, maxLenSeq } = dataset;
  const capacity = maxLenSeq - 2;
  const lengths = samples.map((_, index) => dataset.pieceCount(index));
  const rows = lengths.flatMap((_, index) => dataset.rows(index, 'windows').map(rowLength));
  const kept = sum(lengths.map(length => Math.min(length, capacity) + 2));
  const sorted = Int32Array.from(lengths).sort();
  const quantile = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return {
    sentences: samples.length,
    words: sum(samples.map(({ words }) => words.length)),
    tags: getLabels(samples).labelsCount,
    pieces: { median: quantile(0.5), p95: quantile(0.95), longest: quantile(1) },
    longSentences: lengths.filter(length => length > capacity).length,
    windows: rows.length,
    positions: sum(rows),
    wordsLostToCut: dataset.wordsLostToCut,
    paddingShare: 1 - kept / (samples.length * maxLenSeq),
  };
}

/** Window lengths, special tokens included, of each sentence. */
export function windowLengths(dataset: NerDataset): number[][] {
  return dataset.samples.map((_, index) => dataset.rows(index, 'windows').map(rowLength));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
