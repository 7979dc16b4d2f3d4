import type { PredictedSentence } from '../evaluation/mistakes.ts';
import type { Evaluation } from './evaluate.ts';

/** An optimizer step was made. */
export interface StepEvent {
  type: 'step';
  /** Counted from 1, over all epochs. */
  step: number;
  /** Counted from 1. */
  epoch: number;
  /** Step within the epoch, from 1. */
  stepOfEpoch: number;
  /** Mean loss per labelled word of this step, before its update; weighted where the model has class weights. */
  loss: number;
  learningRate: number;
  /** L2 norm of the gradients before clipping. */
  gradNorm: number;
  /** Labelled words of this step. */
  words: number;
  /** Positions of this step, special tokens included. */
  pieces: number;
}

/** A batch of the validation data was predicted and scored. */
export interface EvaluationStepEvent {
  type: 'evaluation-step';
  epoch: number;
  /** Batches so far. */
  batch: number;
  /** Batches in all, where the loader knows. */
  batches: number | undefined;
}

/** A validation sentence with at least one wrong word, as the model stands after an epoch. */
export interface MistakeEvent extends PredictedSentence {
  type: 'mistake';
  epoch: number;
}

/** An epoch has ended, with its evaluation where there is validation data. */
export interface EvaluationEvent {
  type: 'evaluation';
  epoch: number;
  /** Mean of the steps' losses per labelled word, weighted as they are. */
  lossTr: number;
  evaluation: Evaluation | undefined;
  /** Whether it is the best epoch so far, by entity F1; the last one is, without validation data. */
  best: boolean;
}

/** Model, tokenizer and report were written. */
export interface CheckpointEvent {
  type: 'checkpoint';
  epoch: number;
  dir: string;
}

export interface StartEvent {
  type: 'start';
  epochs: number;
  /** Optimizer steps an epoch, where the loader knows its length. */
  stepsPerEpoch: number | undefined;
}

export interface EndEvent {
  type: 'end';
  result: TrainResult;
}

/** What `BertTrainer.run` yields. */
export type TrainerEvent =
  | StartEvent
  | StepEvent
  | EvaluationStepEvent
  | MistakeEvent
  | EvaluationEvent
  | CheckpointEvent
  | EndEvent;

/** The epoch that was kept. */
export interface BestEpoch {
  /** Counted from 1. */
  epoch: number;
  /** Micro-averaged F1 of entities. */
  f1: number;
  lossTr: number;
  lossVal: number;
  evaluation: Evaluation;
}

export interface TrainResult {
  /** Mean training loss per labelled word of each epoch. */
  lossTrEpochs: number[];
  /** Mean validation loss per labelled word of each epoch; empty without validation data. */
  lossValEpochs: number[];
  /** Undefined without validation data. */
  best: BestEpoch | undefined;
}
