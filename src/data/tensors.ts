import { checkInteger, checkKnownOptions } from '../check.ts';
import { OptionError } from '../errors.ts';
import { encodeSentence, type WordTokenizer } from './encode.ts';
import { checkLabels2ind } from './labels.ts';
import { padRows, type Row } from './rows.ts';
import { checkSamples, type DataSample } from './sample.ts';
import { cutWindow } from './windows.ts';

/** The model's input for one sentence, each `(maxLenSeq)`. */
export interface InputBert {
  /** [CLS], pieces, [SEP], then padding. */
  inputIds: Int32Array;
  /** 1 up to and with [SEP], then 0. */
  attentionMask: Int32Array;
  /** Zeros. */
  tokenTypeIds: Int32Array;
  /** The label id at a word's first piece; -100 at its other pieces, special tokens and padding. */
  labels: Int32Array;
}

export interface TensorOptions {
  dataset: readonly DataSample[];
  tokenizer: WordTokenizer;
  labels2ind: Record<string, number>;
  /** Positions of a row with [CLS] and [SEP]. @default 512 */
  maxLenSeq?: number;
}

/**
 * Sentences as padded rows of `maxLenSeq`, cut to `maxLenSeq - 2` pieces. Words without pieces leave no trace.
 *
 * Throws an OptionError for a label that `labels2ind` lacks.
 */
export function data2tensors(options: TensorOptions): InputBert[] {
  checkKnownOptions('data2tensors', options, ['dataset', 'tokenizer', 'labels2ind', 'maxLenSeq']);
  const { dataset, tokenizer, labels2ind, maxLenSeq = 512 } = options;
  checkSamples('dataset', dataset);
  checkTokenizer(tokenizer);
  const capacity = checkMaxLenSeq(maxLenSeq) - 2;
  const labelIdOf = checkLabels2ind(labels2ind);
  return dataset.map((sample, index) => {
    const sentence = encodeSentence(sample, index, tokenizer, labelIdOf);
    return inputBert({ index, sentence, window: cutWindow(sentence, capacity) }, tokenizer, maxLenSeq);
  });
}

export function inputBert(row: Row, tokenizer: WordTokenizer, maxLenSeq: number): InputBert {
  const { inputIds, attentionMask, tokenTypeIds, labels } = padRows([row], tokenizer, maxLenSeq);
  return { inputIds, attentionMask, tokenTypeIds, labels };
}

/** At least [CLS], one piece and [SEP]. */
export function checkMaxLenSeq(value: unknown): number {
  return checkInteger('maxLenSeq', value, 3);
}

export function checkTokenizer(tokenizer: Partial<WordTokenizer> | null | undefined): void {
  if (typeof tokenizer?.encodeWord !== 'function') {
    throw new OptionError('tokenizer', 'a BertTokenizer', tokenizer);
  }
}
