import type { LabelledWords, PackedBatch, TupleBatch } from '../batch.ts';
import { checkBoolean, checkInteger, checkKnownOptions } from '../check.ts';
import { type EncodedSentence, encodeSentence, type WordTokenizer } from './encode.ts';
import { checkLabels2ind } from './labels.ts';
import { asTuple, packRows, padRows, type Row } from './rows.ts';
import { checkSamples, type DataSample } from './sample.ts';
import { checkMaxLenSeq, checkTokenizer, type InputBert, inputBert } from './tensors.ts';
import { cutWindow, type LongSentences, windowsOf } from './windows.ts';

/** How long encoding may hold the event loop before it lets others run, in milliseconds. */
const SLICE_MS = 5;

export interface NerDatasetOptions {
  dataset: readonly DataSample[];
  tokenizer: WordTokenizer;
  /** Id of each label that occurs in `dataset`. */
  labels2ind: Record<string, number>;
  /** Positions of a row with [CLS] and [SEP]; at most the model's. @default 512 */
  maxLenSeq?: number;
  /** Pieces that neighbouring windows of a long sentence share, at most. @default 0 */
  stride?: number;
  /** Form of `get` and of padded batches: objects, or `[[inputIds, attentionMask, tokenTypeIds], labels]`. @default true */
  bertHugging?: boolean;
}

/**
 * Labelled sentences as a model takes them. A sentence is encoded when it is first asked for, then kept.
 *
 * Every method that encodes throws an OptionError for a label that `labels2ind` lacks.
 */
export class NerDataset {
  readonly samples: readonly DataSample[];
  readonly tokenizer: WordTokenizer;
  readonly labels2ind: Readonly<Record<string, number>>;
  readonly maxLenSeq: number;
  readonly stride: number;
  readonly bertHugging: boolean;

  readonly #labelIdOf: ReadonlyMap<string, number>;
  readonly #encoded: (EncodedSentence | undefined)[];
  #wordsLost = 0;

  constructor(options: NerDatasetOptions) {
    checkKnownOptions('NerDataset', options, [
      'dataset',
      'tokenizer',
      'labels2ind',
      'maxLenSeq',
      'stride',
      'bertHugging',
    ]);
    const { dataset, tokenizer, labels2ind, maxLenSeq = 512, stride = 0, bertHugging = true } = options;
    checkSamples('dataset', dataset);
    checkTokenizer(tokenizer);
    this.samples = dataset;
    this.tokenizer = tokenizer;
    this.#labelIdOf = checkLabels2ind(labels2ind);
    this.labels2ind = labels2ind;
    this.maxLenSeq = checkMaxLenSeq(maxLenSeq);
    // A window must have room for a new piece beside the shared ones.
    this.stride = checkInteger('stride', stride, 0, this.maxLenSeq - 3);
    this.bertHugging = checkBoolean('bertHugging', bertHugging);
    this.#encoded = new Array(dataset.length);
  }

  /** Number of sentences. */
  get length(): number {
    return this.samples.length;
  }

  /** Sentence `index` padded to `maxLenSeq` and cut to `maxLenSeq - 2` pieces, as data2tensors makes it. */
  get(index: number): InputBert | TupleBatch {
    const row = this.rows(index, 'cut')[0] as Row;
    return this.bertHugging
      ? inputBert(row, this.tokenizer, this.maxLenSeq)
      : asTuple(padRows([row], this.tokenizer, this.maxLenSeq));
  }

  /**
   * All windows of sentence `index` as the rows of a packed batch, each broken before a word; each word is labelled
   * in exactly one of them (one without pieces in none).
   */
  windows(index: number): PackedBatch & { labels: Int32Array; labelledWords: LabelledWords } {
    return packRows(this.rows(index, 'windows'), this.tokenizer);
  }

  /** Sentence `index` as rows of a batch: one, or one for each of its windows. */
  rows(index: number, longSentences: LongSentences): Row[] {
    const sentence = this.#sentence(index);
    const capacity = this.maxLenSeq - 2;
    const windows =
      longSentences === 'cut' ? [cutWindow(sentence, capacity)] : windowsOf(sentence, capacity, this.stride);
    return windows.map(window => ({ index, sentence, window }));
  }

  /** Number of pieces of sentence `index`, without special tokens, uncut. */
  pieceCount(index: number): number {
    return this.#sentence(index).pieces.length;
  }

  /** Words of the whole data set that a single window a sentence would lose, those without pieces included. */
  get wordsLostToCut(): number {
    for (let index = 0; index < this.length; index++) this.#sentence(index);
    return this.#wordsLost;
  }

  /** Encodes all sentences, so that nothing is left to do in loops, and lets the event loop run meanwhile. */
  async prepare(): Promise<void> {
    let sliceStart = performance.now();
    for (let index = 0; index < this.length; index++) {
      this.#sentence(index);
      if (performance.now() - sliceStart > SLICE_MS) {
        await new Promise(resolve => setImmediate(resolve));
        sliceStart = performance.now();
      }
    }
  }

  #sentence(index: number): EncodedSentence {
    checkInteger('index', index, 0, this.length - 1);
    const known = this.#encoded[index];
    if (known) return known;
    const sample = this.samples[index] as DataSample;
    const sentence = encodeSentence(sample, index, this.tokenizer, this.#labelIdOf);
    this.#encoded[index] = sentence;
    this.#wordsLost += sample.words.length - cutWindow(sentence, this.maxLenSeq - 2).words.length;
    return sentence;
  }
}
