import type { PackedBatch } from '../../../src/batch.ts';
import {
  BertForTokenClassification,
  type TrainStepResult,
} from '../../../src/model/bert-for-token-classification.ts';
import type { ModelOptions } from '../../../src/model/model-options.ts';
import { getOptimizerWithWeightDecay, type Optimizer } from '../../../src/training/optimizer.ts';

const sizes = {
  vocabSize: 50,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  maxPositionEmbeddings: 64,
};

/** A model whose steps take about a millisecond. */
export const smallModel = (options: ModelOptions = {}): Promise<BertForTokenClassification> =>
  BertForTokenClassification.fromConfig(
    { ...sizes, hiddenSize: 16, intermediateSize: 32 },
    { numLabels: 3, device: 'cpu', ...options },
  );

/** A model of some megabytes; a step over `batch(64, 64)` takes hundreds of milliseconds. */
export const largeModel = (options: ModelOptions = {}): Promise<BertForTokenClassification> =>
  BertForTokenClassification.fromConfig(
    { ...sizes, hiddenSize: 256, intermediateSize: 1024 },
    { numLabels: 3, device: 'cpu', ...options },
  );

/** A packed batch of rows of one length that fits either model. */
export function batch(rows = 2, length = 5): PackedBatch {
  return {
    inputIds: Int32Array.from({ length: rows * length }, (_, i) => (i * 7) % sizes.vocabSize),
    labels: Int32Array.from({ length: rows * length }, (_, i) => i % 3),
    boundaries: Int32Array.from({ length: rows + 1 }, (_, row) => row * length),
  };
}

export const adam = (model: BertForTokenClassification): Optimizer =>
  getOptimizerWithWeightDecay({ model, learningRate: 1e-3 });

/** Begins a long step and returns while the engine is busy with it. */
export async function beginLongStep(
  options: ModelOptions = {},
): Promise<{ model: BertForTokenClassification; step: Promise<TrainStepResult> }> {
  const model = await largeModel(options);
  const optimizer = adam(model);
  const first = model.trainStep(batch(), { optimizer });
  const step = model.trainStep([batch(64, 64), batch(64, 64)], { optimizer });
  await first; // jobs run in order: the long one has begun
  return { model, step };
}
