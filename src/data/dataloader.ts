import type { PackedBatch, PaddedBatch, TupleBatch } from '../batch.ts';
import { checkBoolean, checkInteger, checkKnownOptions, checkOneOf } from '../check.ts';
import { OptionError } from '../errors.ts';
import { NerDataset } from './dataset.ts';
import { asTuple, packRows, padRows } from './rows.ts';
import { permutation } from './shuffle.ts';
import type { LongSentences } from './windows.ts';

/** Batches in a span that `groupByLength` sorts as one. */
const SPAN_BATCHES = 50;

export interface DataLoaderOptions {
  dataset: NerDataset;
  /** Sentences of a batch; all windows of a long sentence stay in its batch. */
  batchSize: number;
  /** A new order of the sentences each epoch. @default false */
  shuffle?: boolean;
  /** The order of epoch e is a pure function of `seed` and e. @default 42 */
  seed?: number;
  /** Batches without padding; else padded to the longest row of the batch, in the data set's form. @default true */
  packed?: boolean;
  /** Sentences beyond `maxLenSeq - 2` pieces: as several windows, or cut. @default 'windows' */
  longSentences?: LongSentences;
  /** Batches of sentences of like length: spans of 50 batches sorted, longest first. @default false */
  groupByLength?: boolean;
}

/** What a DataLoader yields: packed, padded, or padded in the form of `bertHugging: false`. */
export type Batch = PackedBatch | PaddedBatch | TupleBatch;

/**
 * Batches of a data set, the last and perhaps smaller one included. Each iteration is an epoch: the first serves
 * `epoch` 0, the next 1, and so on. Batches are made when they are asked for.
 */
export class DataLoader implements Iterable<Batch> {
  readonly dataset: NerDataset;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly packed: boolean;
  readonly longSentences: LongSentences;
  readonly groupByLength: boolean;
  #epoch = 0;

  constructor(options: DataLoaderOptions) {
    checkKnownOptions('DataLoader', options, [
      'dataset',
      'batchSize',
      'shuffle',
      'seed',
      'packed',
      'longSentences',
      'groupByLength',
    ]);
    const {
      shuffle = false,
      seed = 42,
      packed = true,
      longSentences = 'windows',
      groupByLength = false,
    } = options;
    if (!(options.dataset instanceof NerDataset)) {
      throw new OptionError('dataset', 'a NerDataset', options.dataset);
    }
    this.dataset = options.dataset;
    this.batchSize = checkInteger('batchSize', options.batchSize, 1);
    this.shuffle = checkBoolean('shuffle', shuffle);
    this.seed = checkInteger('seed', seed);
    this.packed = checkBoolean('packed', packed);
    this.longSentences = checkOneOf('longSentences', longSentences, ['windows', 'cut']);
    this.groupByLength = checkBoolean('groupByLength', groupByLength);
  }

  /** Batches of an epoch. */
  get length(): number {
    return Math.ceil(this.dataset.length / this.batchSize);
  }

  /** The epoch, from 0, that the next iteration serves. */
  get epoch(): number {
    return this.#epoch;
  }

  set epoch(epoch: number) {
    this.#epoch = checkInteger('epoch', epoch, 0, 2 ** 32 - 1);
  }

  [Symbol.iterator](): Iterator<Batch> {
    const epoch = this.#epoch;
    this.#epoch = epoch + 1;
    return this.#batches(epoch);
  }

  /** Indices of the sentences in the order of `epoch`; consecutive runs of `batchSize` are the batches. */
  order(epoch: number): Int32Array {
    const { length } = this.dataset;
    const order = this.shuffle
      ? permutation(length, this.seed, epoch)
      : Int32Array.from({ length }, (_, index) => index);
    if (this.groupByLength) {
      const lengths = order.map((_, index) => this.dataset.pieceCount(index));
      const longestFirst = (a: number, b: number) => (lengths[b] as number) - (lengths[a] as number);
      const span = this.batchSize * SPAN_BATCHES;
      for (let start = 0; start < length; start += span)
        order.subarray(start, start + span).sort(longestFirst);
    }
    return order;
  }

  *#batches(epoch: number): Generator<Batch> {
    const order = this.order(epoch);
    for (let start = 0; start < order.length; start += this.batchSize) {
      yield this.#batch(order.subarray(start, start + this.batchSize));
    }
  }

  #batch(sentences: Int32Array): Batch {
    const { dataset } = this;
    const rows = Array.from(sentences).flatMap(index => dataset.rows(index, this.longSentences));
    if (this.packed) return packRows(rows, dataset.tokenizer);
    const batch = padRows(rows, dataset.tokenizer);
    return dataset.bertHugging ? batch : asTuple(batch);
  }
}
