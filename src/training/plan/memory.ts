import type { BertConfig } from '../../checkpoint/config.ts';
import { parameterCount } from '../../checkpoint/parameters.ts';

/** Bytes that training takes, as estimated. */
export interface MemoryEstimate {
  parameters: number;
  gradients: number;
  /** Both moments of the optimizer. */
  moments: number;
  /** What the backward pass needs of the forward pass of sentences that are computed at once, and what either takes on its way. */
  activations: number;
  /** The process with the corpus in it, and the libraries. */
  process: number;
  /** The sum of these. */
  total: number;
}

export interface MemoryInput {
  config: BertConfig;
  numLabels: number;
  dtype: 'float32' | 'bfloat16';
  /** Lengths of the windows of each sentence, special tokens included. */
  training: readonly (readonly number[])[];
  evaluation: readonly (readonly number[])[];
  /** Sentences of a step: a CPU computes its micro-batches together. */
  stepSize: number;
  evaluationBatchSize: number;
  gradientCheckpointing: boolean;
  threads: number;
  /** Resident bytes of the process before the model is loaded. */
  resident: number;
}

const FLOAT = 4;

/** libtorch's libraries and what they take once, measured with libtorch 2.13 on two threads. */
const LIBRARIES = 150 * 2 ** 20;

/**
 * Estimates the highest memory of a run on a CPU from the tensors that the engine makes (native/cpu_encoder.h). Frozen layers
 * take less.
 */
export function estimateMemory(input: MemoryInput): MemoryEstimate {
  const { config, numLabels, dtype, training, evaluation } = input;
  const parameters = parameterCount(config, numLabels) * FLOAT;
  const computeCopy = dtype === 'bfloat16' ? parameters / 2 : 0;
  // Threads share the sequences of an evaluation and keep memory of their own for that. In a step that is too small for all
  // of them, only the first one's is used.
  const share = evaluationBytes(config, largest(evaluation, input.evaluationBatchSize)) / input.threads;
  const step = trainingBytes(input, largest(training, input.stepSize));
  const activations = Math.max(step, share) + share * (input.threads - 1);
  const parts = {
    parameters: parameters + computeCopy,
    gradients: parameters,
    moments: 2 * parameters,
    activations,
    process: input.resident + LIBRARIES,
  };
  return {
    ...parts,
    total: Object.values(parts).reduce((sum, part) => sum + part, 0),
  };
}

interface BatchSize {
  positions: number;
  longest: number;
}

/** A batch of the sentences with the most positions: no order of sentences makes a larger one. */
function largest(sentences: readonly (readonly number[])[], batchSize: number): BatchSize {
  const positions = (windows: readonly number[]) => windows.reduce((sum, length) => sum + length, 0);
  const windows = [...sentences]
    .sort((a, b) => positions(b) - positions(a))
    .slice(0, batchSize)
    .flat();
  return {
    positions: positions(windows),
    longest: Math.max(0, ...windows),
  };
}

/** A longer step is computed in parts, as pieces_at_once() of native/engine.cpp says. */
function partsOf({ positions }: BatchSize, { hiddenSize }: BertConfig): number {
  const atOnce = Math.min(1536, Math.floor((1536 * 384) / hiddenSize));
  return Math.max(1, Math.ceil(positions / atOnce));
}

function trainingBytes(input: MemoryInput, batch: BatchSize): number {
  const { config, dtype, threads, gradientCheckpointing } = input;
  const { positions, longest } = batch;
  const { hiddenSize, intermediateSize, numHiddenLayers, numAttentionHeads } = config;
  const product = dtype === 'bfloat16' ? 2 : FLOAT;
  const atOnce = Math.min(positions, positions / partsOf(batch, config) + longest);
  // Query, key, value and context; the intermediate; what two LayerNorms normalised.
  const kept = product * (4 * hiddenSize + intermediateSize) + FLOAT * (2 * hiddenSize + numAttentionHeads);
  // A layer's input, in float32 and, where that is another type, for products.
  const stream = hiddenSize * (FLOAT + (dtype === 'bfloat16' ? product : 0));
  const layers = gradientCheckpointing ? numHiddenLayers * stream + kept : numHiddenLayers * kept;
  const layerWork = FLOAT * 4 * hiddenSize + product * (10 * hiddenSize + 2 * intermediateSize);
  const attentionWork = threads * FLOAT * (6 * longest * (hiddenSize / numAttentionHeads) + 3 * longest ** 2);
  return atOnce * (layers + 3 * stream + layerWork) + attentionWork;
}

/** Without a backward pass one layer is there at a time. */
function evaluationBytes(config: BertConfig, { positions }: BatchSize): number {
  return FLOAT * positions * (8 * config.hiddenSize + config.intermediateSize);
}
