import type { EvaluationEvent, StepEvent, TrainerEvent } from '../events.ts';

/** Writes something of a run as its events come. */
export interface Recorder {
  /** Takes in an event; the loop goes on when its part is written. */
  record(event: TrainerEvent): Promise<void>;
  /** Takes in what happened before the run was resumed, to be counted in and not written again. */
  recall(event: StepEvent | EvaluationEvent): void;
  close(): Promise<void>;
}
