import type { BestEpoch, EarlyStop, TrainResult } from './events.ts';

/**
 * Where a run stands between two steps, and all that it will need of what has been. With the parameters and moments it
 * is the whole of a run: a loop that is given a copy goes on as this one would.
 */
export interface LoopState {
  /** Optimizer steps made. */
  step: number;
  /** The epoch under way, from 1; one more than there are after the last. */
  epoch: number;
  /** Of it: steps made and batches taken. */
  stepOfEpoch: number;
  batchesOfEpoch: number;
  /** Of the batches of the last step, which a loader must give again to be the same. */
  batchDigest: string | null;
  /** Of its steps: sum of the losses, and of the weights of the labels. */
  lossOfEpoch: number;
  weightOfEpoch: number;
  /** The epoch that the loader counts, where it counts: it determines the order of the sentences. */
  loaderEpoch: number | null;
  /** Each finished epoch's last step and training loss. */
  epochs: EpochEnd[];
  evaluations: EvaluationRecord[];
  best: BestEpoch | null;
  /** The last score that was a gain for early stopping, and the evaluations since. */
  gain: { score: number | null; evaluationsSince: number };
  stoppedEarly: EarlyStop | null;
}

/** An epoch after its last step. */
export interface EpochEnd {
  step: number;
  lossTr: number;
}

/** An evaluation after step `step`. */
export interface EvaluationRecord {
  step: number;
  lossVal: number;
  /** Micro-averaged, of entities. */
  f1: number;
}

export function initialState(loaderEpoch: number | undefined): LoopState {
  return {
    step: 0,
    epoch: 1,
    stepOfEpoch: 0,
    batchesOfEpoch: 0,
    batchDigest: null,
    lossOfEpoch: 0,
    weightOfEpoch: 0,
    loaderEpoch: loaderEpoch ?? null,
    epochs: [],
    evaluations: [],
    best: null,
    gain: { score: null, evaluationsSince: 0 },
    stoppedEarly: null,
  };
}

/** Closes the epoch under way and makes the next one that under way. */
export function endEpoch(state: LoopState, loaderEpoch: number | undefined): void {
  state.epochs.push({ step: state.step, lossTr: meanLoss(state) });
  state.epoch++;
  state.stepOfEpoch = 0;
  state.batchesOfEpoch = 0;
  state.lossOfEpoch = 0;
  state.weightOfEpoch = 0;
  state.loaderEpoch = loaderEpoch ?? null;
}

/** Mean training loss per labelled word of the epoch so far. */
export function meanLoss(state: LoopState): number {
  return state.lossOfEpoch / state.weightOfEpoch;
}

export function resultOf(state: LoopState): TrainResult {
  return {
    lossTrEpochs: state.epochs.map(({ lossTr }) => lossTr),
    lossValEpochs: state.evaluations.map(({ lossVal }) => lossVal),
    best: state.best ?? undefined,
    ...(state.stoppedEarly && { stoppedEarly: state.stoppedEarly }),
  };
}

/** A step as a place on an axis of epochs: the last step of epoch e lies at e. */
export function placeInEpochs(step: number, epochs: readonly EpochEnd[]): number {
  const after = epochs.findIndex(epoch => step <= epoch.step);
  const begin = epochs[after - 1]?.step ?? 0;
  const end = epochs[after]?.step ?? step;
  return after + (step - begin) / (end - begin);
}
