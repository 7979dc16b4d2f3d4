import type { PackedBatch } from '../batch.ts';
import { NativeError } from '../errors.ts';
import type {
  BertForTokenClassification,
  TrainStepOptions,
  TrainStepResult,
} from '../model/bert-for-token-classification.ts';
import type { SplitEvent } from './events.ts';

/** What steps need of a model. */
export type SteppedModel = Pick<BertForTokenClassification, 'trainPacked' | 'device'>;

/**
 * Optimizer steps whose micro-batches are computed one by one where the memory does not hold them together, and halved, and
 * halved again, where it does not hold one; later steps keep to it. With the mean over the tokens of a step as its objective,
 * loss and gradients stay those of the whole micro-batches. The sum of micro-batches' means would change by halving, so
 * there the failure stands.
 */
export class FittingSteps {
  readonly #model: SteppedModel;
  /** Whether each micro-batch is computed by itself; a GPU does nothing else. */
  #separate: boolean;
  /** Parts of each micro-batch. */
  #parts = 1;

  constructor(model: SteppedModel) {
    this.#model = model;
    this.#separate = model.device !== 'cpu';
  }

  /**
   * One step. A step that failed has changed nothing, so it is taken again.
   *
   * @param step its number, for the events
   * @returns one loss for each of `batches`, whole
   * @throws NativeError `ERR_OUT_OF_MEMORY` if not even single rows fit, or for another objective
   */
  async *take(
    batches: readonly PackedBatch[],
    options: TrainStepOptions,
    step: number,
  ): AsyncGenerator<SplitEvent, TrainStepResult> {
    await options.optimizer.handle.ready; // no smaller batch makes room for an optimizer's state
    for (;;) {
      const parts = batches.map(batch => splitRows(batch, this.#parts));
      try {
        const result = await this.#model.trainPacked(parts.flat(), options, this.#separate);
        return { ...result, losses: regroup(result.losses, parts) };
      } catch (error) {
        const rows = Math.max(...batches.map(rowsOf));
        const { lossReduction = 'token-mean' } = options;
        if (!isOutOfMemory(error)) throw error;
        if (this.#separate || batches.length === 1) {
          if (lossReduction !== 'token-mean' || this.#parts >= rows) throw error;
          this.#parts *= 2;
        }
        this.#separate = true;
        yield { type: 'split', step, parts: this.#parts, rows: Math.ceil(rows / this.#parts) };
      }
    }
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof NativeError && error.code === 'ERR_OUT_OF_MEMORY';
}

function rowsOf({ boundaries }: PackedBatch): number {
  return boundaries.length - 1;
}

/** Consecutive runs of a batch's rows, `parts` of about the same number, or one a row where there are fewer. */
export function splitRows(batch: PackedBatch, parts: number): PackedBatch[] {
  const rows = rowsOf(batch);
  const count = Math.min(parts, rows);
  return Array.from({ length: count }, (_, part) =>
    rowsBetween(batch, Math.floor((part * rows) / count), Math.floor(((part + 1) * rows) / count)),
  );
}

function rowsBetween(
  { inputIds, tokenTypeIds, labels, boundaries }: PackedBatch,
  from: number,
  to: number,
): PackedBatch {
  const [start, end] = [boundaries[from] ?? 0, boundaries[to] ?? 0];
  return {
    inputIds: inputIds.subarray(start, end),
    ...(tokenTypeIds && { tokenTypeIds: tokenTypeIds.subarray(start, end) }),
    ...(labels && { labels: labels.subarray(start, end) }),
    boundaries: boundaries.slice(from, to + 1).map(boundary => boundary - start),
  };
}

/** Sums the shares of each batch's parts. */
function regroup(losses: readonly number[], parts: readonly PackedBatch[][]): number[] {
  let next = 0;
  return parts.map(({ length }) => {
    const share = losses.slice(next, next + length).reduce((sum, loss) => sum + loss, 0);
    next += length;
    return share;
  });
}
