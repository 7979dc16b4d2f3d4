/* What the addon exports. Nothing here is checked on this side of the boundary: session.ts is its only caller. */

import type { PackedBatch } from '../batch.ts';

/** Sizes of the model, as in config.json. */
export interface Geometry {
  vocabSize: number;
  hiddenSize: number;
  numHiddenLayers: number;
  numAttentionHeads: number;
  intermediateSize: number;
  maxPositionEmbeddings: number;
  typeVocabSize: number;
  numLabels: number;
  /** -1: none */
  padTokenId: number;
  hiddenAct: 'gelu' | 'gelu_new' | 'relu';
  layerNormEps: number;
}

export interface DropoutRates {
  hidden: number;
  attention: number;
  classifier: number;
}

export interface EngineOptions {
  geometry: Geometry;
  /** A device by its full name; 'auto' is resolved before. */
  device: string;
  /** Whether the products of the linear layers are computed in bfloat16. */
  bfloat16: boolean;
  dropout: DropoutRates;
  seed: number;
  /** `(labels)` */
  classWeights?: Float32Array;
  /** Blocks from the bottom that are not trained: the embeddings, then layers. */
  frozen: number;
  /** Whether layers are computed again for their gradients, instead of keeping what these need. */
  gradientCheckpointing: boolean;
  /** The library of each float32 product of a linear layer: three words, forward, input, weight, each aten or onednn. */
  matrixPath: string;
  /** Whether a CPU computes with the fused kernels, or in ATen's operations as a GPU does. */
  fused: boolean;
}

/** A parameter and the bytes of a file that hold it, or shall. */
export interface TensorLocation {
  parameter: string;
  file: string;
  /** Bytes from the start of the file. */
  offset: number;
  dtype: 'float64' | 'float32' | 'float16' | 'bfloat16';
  /** Of the stored elements, where these are not in row-major order. */
  strides?: number[];
}

export interface AdamOptions {
  decoupled: boolean;
  weightDecay: number;
  beta1: number;
  beta2: number;
  eps: number;
  /** The rate of a block (embeddings, layer, classifier) is that of the block above times this. */
  layerwiseDecay: number;
}

/** Where the two moments of each parameter are kept. */
export interface MomentLocations {
  first: TensorLocation[];
  second: TensorLocation[];
}

export interface StepRequest {
  batches: PackedBatch[];
  optimizer: number;
  learningRate: number;
  clipping?: number;
  tokenMean: boolean;
  /** Factor of the objective. @default 1 */
  lossScale?: number;
  /** Whether each micro-batch is computed by itself: takes less memory and, on a CPU, more time. */
  separate: boolean;
  /** Keys the dropout masks. */
  step: number;
}

export interface StepResult {
  /** Each micro-batch's share of the objective. */
  losses: number[];
  gradNorm: number;
}

export interface ForwardResult {
  /** `(pieces, labels)` */
  logits: Float32Array;
  /** Sum of the weighted token losses over the labelled pieces. */
  lossSum: number;
  /** Sum of their weights. */
  lossWeight: number;
  /** `(layers + 1)` arrays `(pieces, hidden)`; empty unless asked for. */
  hiddenStates: Float32Array[];
}

/** The most likely labels of the labelled pieces of a batch, in order, and their loss. */
export interface LabelPredictions {
  /** `(labelled pieces)` label ids */
  predictions: Int32Array;
  /** Sum of the token losses, each times the weight of its label. */
  lossSum: number;
  /** Sum of these weights: the number of labelled pieces without class weights. */
  lossWeight: number;
}

export interface Parameter {
  name: string;
  shape: number[];
}

export interface NativeSession {
  parameters(): Parameter[];
  open(): Promise<void>;
  setMatrixPath(path: string): Promise<void>;
  load(locations: TensorLocation[]): Promise<void>;
  initialise(names: string[], standardDeviation: number): Promise<void>;
  save(locations: TensorLocation[]): Promise<void>;
  forward(batch: PackedBatch, withHiddenStates: boolean): Promise<ForwardResult>;
  predictLabelled(batch: PackedBatch): Promise<LabelPredictions>;
  createOptimizer(id: number, options: AdamOptions): Promise<void>;
  dropOptimizer(id: number): Promise<void>;
  saveOptimizer(id: number, locations: MomentLocations): Promise<number>;
  loadOptimizer(id: number, locations: MomentLocations, updates: number): Promise<void>;
  trainStep(request: StepRequest): Promise<StepResult>;
  setDropout(rates: DropoutRates): Promise<void>;
  takeSnapshot(id: number, optimizer: number | undefined): Promise<void>;
  restoreSnapshot(id: number): Promise<void>;
  dropSnapshot(id: number): Promise<void>;
  readParameter(name: string): Promise<Float32Array>;
  readGradient(name: string): Promise<Float32Array>;
  dispose(): Promise<void>;
}

export interface RuntimeInfo {
  /** Version of libtorch that the addon was built with. */
  libtorch: string;
  /** Vector instructions that libtorch uses: DEFAULT, AVX2, AVX512. */
  cpuCapability: string;
  /** Threads that a job may use. */
  threads: number;
  /** GPUs that libtorch sees. */
  cudaDevices: number;
  /** Compute capability of each, times 10, such as 80; 0: unknown. */
  cudaCapabilities: number[];
}

export interface NativeAddon {
  Session: new (options: EngineOptions) => NativeSession;
  runtimeInfo(): RuntimeInfo;
  /** The fastest libraries of this machine, as EngineOptions.matrixPath wants them. */
  measureMatrixPath(): Promise<string>;
}
