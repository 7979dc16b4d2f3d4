import { checkKnownOptions, checkNumber, checkOneOf, checkProbability } from '../check.ts';
import type { OptimizerHandle } from '../engine/session.ts';
import { OptionError } from '../errors.ts';
import { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import { BertForTokenClassificationCustom } from '../model/bert-for-token-classification-custom.ts';

export interface OptimizerOptions {
  model: BertForTokenClassification | BertForTokenClassificationCustom;
  /** Adam adds the decay to the gradient (L2); AdamW shrinks the parameters themselves. @default 'adam' */
  optimizer?: 'adam' | 'adamw' | undefined;
  /** The rate that schedules start from. */
  learningRate: number;
  /** Decay of all parameters but those named `bias` and `LayerNorm.weight`. @default 0 */
  weightDecay?: number | undefined;
  /**
   * The rate of the classifier is the learning rate; that of the top layer this times as much, that of the layer below
   * this times as much again, down to the embeddings: `learningRate * layerwiseDecay ** depth`, with depth 0 for the
   * classifier, 1 for the top layer, numHiddenLayers + 1 for the embeddings. In (0, 1]. @default 1
   */
  layerwiseDecay?: number | undefined;
  /** Decay rates of the first and second moment. @default [0.9, 0.999] */
  betas?: readonly [number, number] | undefined;
  /** Added to the root of the second moment. @default 1e-8 */
  eps?: number | undefined;
}

/** Adam or AdamW, whose moments live in the engine of its model, twice the memory of the parameters. */
export class Optimizer {
  readonly kind: 'adam' | 'adamw';
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly layerwiseDecay: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly model: BertForTokenClassification;
  /** @internal */
  readonly handle: OptimizerHandle;

  constructor(options: OptimizerOptions) {
    checkKnownOptions('getOptimizerWithWeightDecay', options, [
      'model',
      'optimizer',
      'learningRate',
      'weightDecay',
      'layerwiseDecay',
      'betas',
      'eps',
    ]);
    const {
      optimizer = 'adam',
      learningRate,
      weightDecay = 0,
      layerwiseDecay = 1,
      betas = [0.9, 0.999],
      eps = 1e-8,
    } = options;
    const model =
      options.model instanceof BertForTokenClassificationCustom ? options.model.model : options.model;
    if (!(model instanceof BertForTokenClassification)) {
      throw new OptionError('model', 'a BertForTokenClassification', model);
    }
    this.model = model;
    this.kind = checkOneOf('optimizer', optimizer, ['adam', 'adamw']);
    this.learningRate = checkNumber('learningRate', learningRate, 0);
    this.weightDecay = checkNumber('weightDecay', weightDecay, 0);
    this.layerwiseDecay = checkLayerwiseDecay('layerwiseDecay', layerwiseDecay);
    this.betas = checkBetas(betas);
    this.eps = checkNumber('eps', eps, 0);
    this.handle = model.session.createOptimizer({
      decoupled: this.kind === 'adamw',
      weightDecay: this.weightDecay,
      beta1: this.betas[0],
      beta2: this.betas[1],
      eps: this.eps,
      layerwiseDecay: this.layerwiseDecay,
    });
  }

  /** Frees the moments. Idempotent; disposing the model frees them too. */
  dispose(): Promise<void> {
    return this.model.session.dropOptimizer(this.handle);
  }
}

/**
 * An optimizer with the two parameter groups usual for BERT: weight decay on all parameters but biases and LayerNorm
 * weights.
 *
 * @throws OptionError
 */
export function getOptimizerWithWeightDecay(options: OptimizerOptions): Optimizer {
  return new Optimizer(options);
}

/** @throws OptionError unless it is a factor in (0, 1] */
export function checkLayerwiseDecay(option: string, value: unknown): number {
  if (typeof value === 'number' && value > 0 && value <= 1) return value;
  throw new OptionError(option, 'a number above 0 and at most 1', value);
}

function checkBetas(betas: unknown): readonly [number, number] {
  if (!Array.isArray(betas) || betas.length !== 2) throw new OptionError('betas', 'two numbers', betas);
  return [checkProbability('betas[0]', betas[0]), checkProbability('betas[1]', betas[1])];
}
