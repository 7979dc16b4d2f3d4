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

/**
 * The memory did not hold a step's micro-batches: they are computed one by one, or halved, for this step and all later ones.
 */
export interface SplitEvent {
  type: 'split';
  /** The step that is taken again, counted from 1. */
  step: number;
  /** Parts that each micro-batch is now split into; 1 where it is whole, but no longer computed together with the others. */
  parts: number;
  /** Rows, sentences as a rule, of the largest part. */
  rows: number;
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

/** The model was evaluated, or an epoch has ended without evaluation. */
export interface EvaluationEvent {
  type: 'evaluation';
  /** Steps made before it. */
  step: number;
  epoch: number;
  /** Whether the epoch has ended with it. */
  endOfEpoch: boolean;
  /** Mean of the losses of the epoch's steps so far per labelled word, weighted as they are. */
  lossTr: number;
  /** Undefined without validation data, and at the end of an epoch that is not evaluated. */
  evaluation: Evaluation | undefined;
  /** Whether it is the best so far by the trainer's metric; the last epoch is, without validation data. */
  best: boolean;
}

/** Model, tokenizer and report were written. */
export interface CheckpointEvent {
  type: 'checkpoint';
  epoch: number;
  dir: string;
}

/** A resume state was saved: the run can go on from here. */
export interface StateEvent {
  type: 'state';
  /** Steps made. */
  step: number;
  /** Its own folder, below the run's. */
  dir: string;
}

export interface StartEvent {
  type: 'start';
  epochs: number;
  /** Optimizer steps an epoch, where the loader knows its length. */
  stepsPerEpoch: number | undefined;
  /** Of a run that is resumed: from where. */
  resumed?: ResumedFrom;
}

/** The state that a run was resumed from. */
export interface ResumedFrom {
  /** Steps made. */
  step: number;
  /** The epoch that was under way, from 1. */
  epoch: number;
  /** Steps made before the last evaluation, if there was one. */
  evaluatedAt: number | undefined;
  /** Whether the run had ended already: nothing is trained then, and the model is left as it is. */
  finished: boolean;
  /** What differs from the machine of the run so far, for a person to read. */
  notes: string[];
}

export interface EndEvent {
  type: 'end';
  result: TrainResult;
}

/** What `BertTrainer.run` yields. */
export type TrainerEvent =
  | StartEvent
  | StepEvent
  | SplitEvent
  | EvaluationStepEvent
  | MistakeEvent
  | EvaluationEvent
  | CheckpointEvent
  | StateEvent
  | EndEvent;

/** The evaluation whose model was kept. */
export interface BestEpoch {
  /** Counted from 1. */
  epoch: number;
  /** Steps made before it. */
  step: number;
  /** What the trainer's metric says of it, the higher, the better: a loss counts negative. */
  score: number;
  /** Micro-averaged F1 of entities. */
  f1: number;
  /** Mean of the losses of the epoch's steps until then. */
  lossTr: number;
  lossVal: number;
  evaluation: Evaluation;
}

export interface TrainResult {
  /** Mean training loss per labelled word of each epoch; the last may be a part of one, if training stopped early. */
  lossTrEpochs: number[];
  /** Mean validation loss per labelled word of each evaluation, one an epoch by default; empty without validation data. */
  lossValEpochs: number[];
  /** Undefined without validation data. */
  best: BestEpoch | undefined;
  /** Where early stopping ended the run, if it did. */
  stoppedEarly?: EarlyStop;
}

/** The evaluation after which training stopped. */
export interface EarlyStop {
  epoch: number;
  step: number;
}
