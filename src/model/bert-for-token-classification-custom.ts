import type { BertInputs } from '../batch.ts';
import type { BertConfig } from '../checkpoint/config.ts';
import type { Parameter } from '../engine/addon.ts';
import { OptionError } from '../errors.ts';
import { BertForTokenClassification } from './bert-for-token-classification.ts';
import type { PretrainedOptions } from './model-options.ts';

/** A model's input as a list; its `shape` is `[rows, length]`, without one the list is a single row. */
export type CustomInputs =
  | BertInputs
  | readonly [inputIds: Int32Array, attentionMask: Int32Array, tokenTypeIds: Int32Array];

/** Logits in the layout of PyTorch's CrossEntropyLoss. */
export interface TransposedLogits {
  /** `(rows, labels, length)`, 0 at padding. */
  logits: Float32Array;
  shape: [rows: number, labels: number, length: number];
}

/**
 * A BertForTokenClassification whose `forward` takes a list and answers as PyTorch's CrossEntropyLoss expects, as the
 * original project's class of that name for its learning-rate finder: but transposed, where that one re-viewed its
 * numbers and so scrambled them.
 */
export class BertForTokenClassificationCustom {
  /** The model itself, which trains and is evaluated. */
  readonly model: BertForTokenClassification;

  private constructor(model: BertForTokenClassification) {
    this.model = model;
  }

  /**
   * Loads a checkpoint as `BertForTokenClassification.fromPretrained` does.
   *
   * @throws OptionError, CheckpointError, NativeError
   */
  static async fromPretrained(
    nameOrPath: string,
    options: PretrainedOptions = {},
  ): Promise<BertForTokenClassificationCustom> {
    const model = await BertForTokenClassification.fromPretrained(nameOrPath, options);
    return new BertForTokenClassificationCustom(model);
  }

  /** config.json in camelCase, with `id2label` and `label2id`. */
  get config(): BertConfig {
    return this.model.config;
  }

  /**
   * Logits in evaluation mode, without gradients.
   *
   * @throws OptionError for inputs that do not fit the model
   */
  async forward(inputs: CustomInputs): Promise<TransposedLogits> {
    if (!Array.isArray(inputs) || inputs.length !== 3 || !(inputs[0] instanceof Int32Array)) {
      throw new OptionError(
        'inputs',
        'a list [inputIds, attentionMask, tokenTypeIds] of Int32Arrays',
        inputs,
      );
    }
    const [inputIds, attentionMask, tokenTypeIds] = inputs;
    const [rows, length] = ('shape' in inputs ? inputs.shape : undefined) ?? [1, inputIds.length];
    const { logits, shape } = await this.model.forward({
      inputIds,
      attentionMask,
      tokenTypeIds,
      shape: [rows, length],
    });
    const labels = shape[2] as number;
    return { logits: transposed(logits, rows, length, labels), shape: [rows, labels, length] };
  }

  /** Names, as in checkpoints, and shapes of the parameters. */
  parameters(): Parameter[] {
    return this.model.parameters();
  }

  /** As `BertForTokenClassification.savePretrained`. */
  savePretrained(dir: string): Promise<void> {
    return this.model.savePretrained(dir);
  }

  /** Frees the memory of the model. Idempotent. */
  dispose(): Promise<void> {
    return this.model.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** `(rows, length, labels)` to `(rows, labels, length)` */
function transposed(values: Float32Array, rows: number, length: number, labels: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    const start = row * length * labels;
    for (let piece = 0; piece < length; piece++) {
      for (let label = 0; label < labels; label++) {
        result[start + label * length + piece] = values[start + piece * labels + label] as number;
      }
    }
  }
  return result;
}
