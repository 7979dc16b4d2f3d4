/* The public names of nerbert. */

export type {
  BertInputs,
  LabelledWords,
  PackedBatch,
  PaddedBatch,
  TupleBatch,
} from './batch.ts';
export type { BertConfig } from './checkpoint/config.ts';
export { readCheckpoint } from './checkpoint/read-checkpoint.ts';
export type { DType, TensorEntry } from './checkpoint/tensor-entry.ts';
export { getClassWeights } from './data/class-weights.ts';
export { readDataFromFile } from './data/conll.ts';
export type { CorpusName } from './data/corpora.ts';
export { type Batch, DataLoader, type DataLoaderOptions } from './data/dataloader.ts';
export { NerDataset, type NerDatasetOptions } from './data/dataset.ts';
export { type CorpusFiles, type FetchCorpusOptions, fetchCorpus } from './data/fetch-corpus.ts';
export { getLabels } from './data/labels.ts';
export type { DataSample } from './data/sample.ts';
export { data2tensors, type InputBert } from './data/tensors.ts';
export type { LabelPredictions, Parameter } from './engine/addon.ts';
export type { Device } from './engine/device.ts';
export {
  CheckpointError,
  DataError,
  DisposedError,
  NativeError,
  type NativeErrorCode,
  NerbertError,
  OptionError,
} from './errors.ts';
export { getEntities } from './evaluation/entities.ts';
export { entityReport } from './evaluation/entity-report.ts';
export { type EntityReportOptions, type EntityScores, entityScores } from './evaluation/entity-scores.ts';
export type { Score } from './evaluation/scores.ts';
export { wordReport } from './evaluation/word-report.ts';
export { type WordReportOptions, type WordScores, wordScores } from './evaluation/word-scores.ts';
export type { HubOptions } from './hub/settings.ts';
export type { Entity } from './inference/entities.ts';
export { pipeline, type TokenClassificationPipeline } from './inference/pipeline.ts';
export type { PipelineOptions } from './inference/pipeline-options.ts';
export {
  AutoModelForTokenClassification,
  BertForTokenClassification,
  type ModelOutput,
  type TrainStepOptions,
  type TrainStepResult,
} from './model/bert-for-token-classification.ts';
export {
  BertForTokenClassificationCustom,
  type CustomInputs,
  type TransposedLogits,
} from './model/bert-for-token-classification-custom.ts';
export type { FreezeOptions, ModelOptions, PretrainedOptions } from './model/model-options.ts';
export { AutoTokenizer, type AutoTokenizerOptions } from './tokenization/auto-tokenizer.ts';
export { BertTokenizer, type Encoding } from './tokenization/bert-tokenizer.ts';
export type { Evaluation } from './training/evaluate.ts';
export type {
  BestEpoch,
  CheckpointEvent,
  EarlyStop,
  EndEvent,
  EvaluationEvent,
  EvaluationStepEvent,
  MistakeEvent,
  ResumedFrom,
  SplitEvent,
  StartEvent,
  StateEvent,
  StepEvent,
  TrainerEvent,
  TrainResult,
} from './training/events.ts';
export { LRFinder, type LRFinderOptions, type PlotOptions } from './training/lr-finder.ts';
export type { LRHistory, SuggestionOptions } from './training/lr-suggestion.ts';
export type { Metric } from './training/metric.ts';
export { getOptimizerWithWeightDecay, Optimizer, type OptimizerOptions } from './training/optimizer.ts';
export type { RangeTestEnd, RangeTestOptions } from './training/range-test.ts';
export { getLinearScheduleWithWarmup, getScheduler } from './training/schedules.ts';
export { BertTrainer, type EvaluateOptions, type RunOptions, type TrainData } from './training/trainer.ts';
export type { BertTrainerOptions } from './training/trainer-options.ts';
