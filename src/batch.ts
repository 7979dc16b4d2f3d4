/* The forms in which sentences travel from the data loader to the engine: Int32Array throughout. */

/** Label id of a position that counts neither for the loss nor for the scores. */
export const IGNORE_INDEX = -100;

/**
 * Where the labelled pieces of a batch come from: entry k belongs to the k-th position, in the order of the batch,
 * whose label is not -100. The engine ignores it; scoring puts predictions back to words with it.
 */
export interface LabelledWords {
  /** Index of the sentence in the data set. */
  sentences: Int32Array;
  /** Index of the word in its sentence. */
  words: Int32Array;
}

/** Sequences laid end to end, without padding. */
export interface PackedBatch {
  /** Piece ids, `(pieces)`. */
  inputIds: Int32Array;
  /** Segment ids, `(pieces)`; absent: zeros. */
  tokenTypeIds?: Int32Array;
  /** Label ids, `(pieces)`, -100 where nothing is to be learnt. */
  labels?: Int32Array;
  /** Row r is `boundaries[r]` up to `boundaries[r + 1]`, `(rows + 1)`. */
  boundaries: Int32Array;
  labelledWords?: LabelledWords;
}

/** Rows filled up to one length, row after row. */
export interface PaddedBatch {
  /** Piece ids, `(rows * length)`. */
  inputIds: Int32Array;
  /** 1 at pieces, then 0 at padding, `(rows * length)`; absent: all ones. */
  attentionMask?: Int32Array;
  /** Segment ids, `(rows * length)`; absent: zeros. */
  tokenTypeIds?: Int32Array;
  /** Label ids, `(rows * length)`, -100 where nothing is to be learnt. */
  labels?: Int32Array;
  /** `[rows, length]` */
  shape: readonly [rows: number, length: number];
  labelledWords?: LabelledWords;
}

/** The model's input as a list, with its shape as a property that enumeration and comparison pass over. */
export type BertInputs = [inputIds: Int32Array, attentionMask: Int32Array, tokenTypeIds: Int32Array] & {
  readonly shape: readonly [rows: number, length: number];
};

/** A padded batch as `[inputs, labels]`; `shape` and `labelledWords` as in `BertInputs`. */
export type TupleBatch = [inputs: BertInputs, labels: Int32Array] & {
  readonly shape: readonly [rows: number, length: number];
  readonly labelledWords: LabelledWords;
};
