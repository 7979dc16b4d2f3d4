import type { OptimizerHandle, SnapshotHandle } from '../engine/session.ts';
import type { BertForTokenClassification } from './bert-for-token-classification.ts';

/**
 * A model as it is behind the calls made before: its parameters, the number of its training steps, which determines
 * dropout masks, and an optimizer's state where one is given. The copies lie on the model's device and go with it.
 */
export class ModelSnapshot {
  readonly #model: BertForTokenClassification;
  readonly #stepCount: number;
  readonly #handle: SnapshotHandle;

  constructor(model: BertForTokenClassification, optimizer?: OptimizerHandle) {
    this.#model = model;
    this.#stepCount = model.stepCount;
    this.#handle = model.session.takeSnapshot(optimizer);
  }

  /** Rejects where the copies could not be made. */
  get ready(): Promise<void> {
    return this.#handle.ready;
  }

  /**
   * Makes everything as it was, bit for bit, behind the calls made before; any number of times.
   *
   * @throws DisposedError if the model or the optimizer is gone
   */
  async restore(): Promise<void> {
    const restored = this.#model.session.restoreSnapshot(this.#handle);
    this.#model.stepCount = this.#stepCount; // at once, since a step is numbered when it is called
    await restored;
  }

  /** Frees the copies. Idempotent. */
  drop(): Promise<void> {
    return this.#model.session.dropSnapshot(this.#handle);
  }
}
