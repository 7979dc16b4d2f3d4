import {
  type BertInputs,
  IGNORE_INDEX,
  type LabelledWords,
  type PackedBatch,
  type TupleBatch,
} from '../batch.ts';
import type { EncodedSentence, WordTokenizer } from './encode.ts';
import type { Window } from './windows.ts';

/** One row of a batch: a window of sentence `index`. With [CLS] and [SEP] it has `rowLength` positions. */
export interface Row {
  readonly index: number;
  readonly sentence: EncodedSentence;
  readonly window: Window;
}

/** A padded batch in which nothing is left out. */
export interface FullPaddedBatch {
  inputIds: Int32Array;
  attentionMask: Int32Array;
  tokenTypeIds: Int32Array;
  labels: Int32Array;
  shape: readonly [rows: number, length: number];
  labelledWords: LabelledWords;
}

export function rowLength({ window }: Row): number {
  return window.end - window.start + 2;
}

/** Rows end to end. All segment ids are 0, so `tokenTypeIds` is left out. */
export function packRows(
  rows: readonly Row[],
  tokenizer: WordTokenizer,
): Required<Omit<PackedBatch, 'tokenTypeIds'>> {
  const boundaries = new Int32Array(rows.length + 1);
  rows.forEach((row, r) => {
    boundaries[r + 1] = (boundaries[r] as number) + rowLength(row);
  });
  const inputIds = new Int32Array(boundaries[rows.length] as number);
  const labels = new Int32Array(inputIds.length).fill(IGNORE_INDEX);
  rows.forEach((row, r) => {
    writeRow(row, boundaries[r] as number, inputIds, labels, tokenizer);
  });
  return { inputIds, labels, boundaries, labelledWords: labelledWordsOf(rows) };
}

/** Rows filled up with padding to `length`, by default that of the longest. */
export function padRows(
  rows: readonly Row[],
  tokenizer: WordTokenizer,
  length = Math.max(0, ...rows.map(rowLength)),
): FullPaddedBatch {
  const size = rows.length * length;
  const inputIds = new Int32Array(size).fill(tokenizer.padId);
  const attentionMask = new Int32Array(size);
  const labels = new Int32Array(size).fill(IGNORE_INDEX);
  rows.forEach((row, r) => {
    const offset = r * length;
    writeRow(row, offset, inputIds, labels, tokenizer);
    attentionMask.fill(1, offset, offset + rowLength(row));
  });
  return {
    inputIds,
    attentionMask,
    tokenTypeIds: new Int32Array(size),
    labels,
    shape: [rows.length, length],
    labelledWords: labelledWordsOf(rows),
  };
}

/** A padded batch as `[[inputIds, attentionMask, tokenTypeIds], labels]`, both lists with the batch's `shape`. */
export function asTuple(batch: FullPaddedBatch): TupleBatch {
  const { inputIds, attentionMask, tokenTypeIds, labels, shape, labelledWords } = batch;
  const inputs = Object.defineProperty([inputIds, attentionMask, tokenTypeIds], 'shape', { value: shape });
  return Object.defineProperties([inputs as BertInputs, labels], {
    shape: { value: shape },
    labelledWords: { value: labelledWords },
  }) as TupleBatch;
}

/** Writes one row at `offset`; `labels` is expected to hold IGNORE_INDEX there. */
function writeRow(
  { sentence, window }: Row,
  offset: number,
  inputIds: Int32Array,
  labels: Int32Array,
  tokenizer: WordTokenizer,
): void {
  const { start, end, words } = window;
  inputIds[offset] = tokenizer.clsId;
  inputIds.set(sentence.pieces.subarray(start, end), offset + 1);
  inputIds[offset + 1 + end - start] = tokenizer.sepId;
  for (const word of words) {
    labels[offset + 1 + (sentence.wordStarts[word] as number) - start] = sentence.labelIds[word] as number;
  }
}

function labelledWordsOf(rows: readonly Row[]): LabelledWords {
  const count = rows.reduce((sum, row) => sum + row.window.words.length, 0);
  const sentences = new Int32Array(count);
  const words = new Int32Array(count);
  let offset = 0;
  for (const { index, window } of rows) {
    sentences.fill(index, offset, offset + window.words.length);
    words.set(window.words, offset);
    offset += window.words.length;
  }
  return { sentences, words };
}
