import type { PackedBatch } from '../batch.ts';
import { DataLoader } from '../data/dataloader.ts';
import { type AnyBatch, checkBatch } from '../engine/packing.ts';
import { OptionError } from '../errors.ts';
import type { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import { type BatchLoader, countLabels, noLabelledWord } from './loader.ts';

/** A loader's batches, from the start again at its end. Batches without a label that counts are passed over. */
export class EndlessBatches {
  readonly #loader: BatchLoader;
  readonly #option: string;
  readonly #model: BertForTokenClassification;
  readonly #epoch: number | undefined;
  #batches: Iterator<AnyBatch>;
  #place = 0;
  #learnable = 0;
  #inPass = 0;

  /** @param option how messages call the loader */
  constructor(loader: BatchLoader, option: string, model: BertForTokenClassification) {
    this.#loader = loader;
    this.#option = option;
    this.#model = model;
    this.#epoch = loader instanceof DataLoader ? loader.epoch : undefined;
    this.#batches = loader[Symbol.iterator]();
  }

  /**
   * The next `count` batches, checked and packed.
   *
   * @throws OptionError for a batch that does not fit the model, for a loader without a label that counts, and for a
   *   generator that is used up
   */
  take(count: number): PackedBatch[] {
    return Array.from({ length: count }, () => this.#next());
  }

  /** Lets the order of a DataLoader's sentences go on as if nothing had been taken. */
  release(): void {
    if (this.#loader instanceof DataLoader && this.#epoch !== undefined) this.#loader.epoch = this.#epoch;
  }

  #next(): PackedBatch {
    while (true) {
      const { done, value } = this.#batches.next();
      if (done) {
        this.#restart();
        continue;
      }
      const { packed } = checkBatch(value, this.#model.geometry, `${this.#option}[${this.#place++}]`);
      if (countLabels(packed, this.#model.classWeights).weight === 0) continue;
      this.#learnable++;
      this.#inPass++;
      return packed;
    }
  }

  #restart(): void {
    if (this.#inPass === 0) {
      throw this.#learnable === 0
        ? noLabelledWord(this.#option)
        : new OptionError(
            this.#option,
            'batches that can be gone through again',
            `a generator that ended after ${this.#learnable}`,
            'Give a DataLoader or an array, or fewer iterations',
          );
    }
    this.#batches = this.#loader[Symbol.iterator]();
    this.#inPass = 0;
    this.#place = 0;
  }
}
