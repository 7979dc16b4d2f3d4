import type { PackedBatch } from '../batch.ts';
import type { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import type { BertTokenizer, Encoding } from '../tokenization/bert-tokenizer.ts';
import { type TextWindow, textWindows } from './text-windows.ts';

/** A piece of a text and what the model makes of it. */
export interface ScoredPiece {
  /** The piece; where the vocabulary has none, what stands in the text. */
  readonly word: string;
  /** Place in `tokenizer.encode(text)`: [CLS] is 0. */
  readonly index: number;
  /** `[start, end)` of the text in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** Probability of each label, by label id; they add up to 1. */
  readonly probabilities: Float64Array;
}

/** A window of a text: one row of a batch. */
interface Row {
  readonly text: string;
  /** Of the whole text, without special tokens. */
  readonly encoding: Encoding;
  readonly window: TextWindow;
}

/** [CLS] and [SEP] */
const SPECIAL_TOKENS = 2;

/** Bounds the memory of a call, however much text it is given. */
const MAX_BATCH_PIECES = 4096;

/** The longest stretch of text, in pieces, that a model takes at once. */
export function windowCapacity(model: BertForTokenClassification, tokenizer: BertTokenizer): number {
  return Math.min(model.config.maxPositionEmbeddings, tokenizer.modelMaxLength ?? Infinity) - SPECIAL_TOKENS;
}

/** The scored pieces of each text, in order. Texts are computed many at once, in batches of bounded size. */
export async function* scoreTexts(
  model: BertForTokenClassification,
  tokenizer: BertTokenizer,
  texts: readonly string[],
): AsyncGenerator<ScoredPiece[]> {
  let pieces: ScoredPiece[] = [];
  for (const rows of batchesOf(texts, tokenizer, windowCapacity(model, tokenizer))) {
    const batch = packRows(rows, tokenizer);
    const { logits, shape } = await model.forward(batch);
    const labels = shape.at(-1) ?? 0;
    for (const [r, row] of rows.entries()) {
      const firstPiece = (batch.boundaries[r] ?? 0) + 1;
      for (let i = row.window.start; i < row.window.end; i++) {
        const offset = (firstPiece + i - row.window.start) * labels;
        pieces.push(scoredPiece(row, i, logits.subarray(offset, offset + labels), tokenizer));
      }
      if (row.window.end === row.encoding.ids.length) {
        yield pieces;
        pieces = [];
      }
    }
  }
}

function* batchesOf(texts: readonly string[], tokenizer: BertTokenizer, capacity: number): Generator<Row[]> {
  let rows: Row[] = [];
  let pieces = 0;
  for (const text of texts) {
    const encoding = tokenizer.encode(text, { addSpecialTokens: false });
    for (const window of textWindows(encoding, capacity)) {
      const row = { text, encoding, window };
      if (rows.length > 0 && pieces + rowLength(row) > MAX_BATCH_PIECES) {
        yield rows;
        rows = [];
        pieces = 0;
      }
      rows.push(row);
      pieces += rowLength(row);
    }
  }
  if (rows.length > 0) yield rows;
}

function rowLength({ window }: Row): number {
  return window.end - window.start + SPECIAL_TOKENS;
}

function packRows(rows: readonly Row[], tokenizer: BertTokenizer): PackedBatch {
  const boundaries = new Int32Array(rows.length + 1);
  const ids: number[] = [];
  rows.forEach(({ encoding, window }, r) => {
    ids.push(tokenizer.clsId, ...encoding.ids.slice(window.start, window.end), tokenizer.sepId);
    boundaries[r + 1] = ids.length;
  });
  return { inputIds: Int32Array.from(ids), boundaries };
}

function scoredPiece(
  { text, encoding }: Row,
  i: number,
  logits: Float32Array,
  tokenizer: BertTokenizer,
): ScoredPiece {
  const [start, end] = encoding.offsets[i] ?? [0, 0];
  const piece = encoding.pieces[i] ?? '';
  return {
    word: encoding.ids[i] === tokenizer.unkId ? text.slice(start, end) : piece,
    index: i + 1,
    start,
    end,
    probabilities: softmax(logits),
  };
}

function softmax(logits: Float32Array): Float64Array {
  const highest = Math.max(...logits);
  const powers = Float64Array.from(logits, logit => Math.exp(logit - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map(power => power / sum);
}
