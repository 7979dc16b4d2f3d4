import type { Evaluation } from '../training/evaluate.ts';
import type { TrainerEvent, TrainResult } from '../training/events.ts';
import type { LRAdvice } from '../training/lr-advice.ts';
import type { SweepConfiguration } from '../training/lr-sweep.ts';
import type { Plan } from '../training/plan/plan.ts';
import type { TimeEstimate } from '../training/plan/trial.ts';
import type { RangeTestEnd, RangeTestIteration } from '../training/range-test.ts';
import type { TrainOptions } from './train-options.ts';

/** The scores of the test file. */
export interface TestEvent {
  type: 'test';
  evaluation: Evaluation;
}

/** A part of `lr-find`: an iteration or the end of a range test, or the end of all. */
export type SweepEvent =
  | ({ type: 'iteration'; seed: number } & SweepConfiguration & RangeTestIteration)
  | ({ type: 'run'; seed: number; ended: RangeTestEnd } & SweepConfiguration)
  | { type: 'end'; advice: LRAdvice; command: string | undefined };

/** What a run will do; `time` with `--plan` alone. */
export interface PlanEvent {
  type: 'plan';
  plan: Plan;
  time?: TimeEstimate;
}

/** One of several runs begins. */
export interface RunEvent {
  type: 'run-start';
  /** Its number, from 1, and how many there are. */
  run: number;
  runs: number;
  title: string;
  dir: string;
}

/** The scores of several runs, as seeds.json or grid.json has them. */
export interface SetEvent {
  type: 'seeds' | 'grid';
  summary: unknown;
}

/** Writes an event as a line of JSON on standard output. */
export function writeJson(
  event: TrainerEvent | TestEvent | PlanEvent | SweepEvent | RunEvent | SetEvent,
): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

/**
 * Reads the events of a run to their end and writes them, mistakes only as far as they are asked for.
 *
 * @returns the result of the run
 */
export async function writeEvents(
  events: AsyncIterable<TrainerEvent>,
  { printValMistakes, maxMistakes = Number.POSITIVE_INFINITY }: TrainOptions,
): Promise<TrainResult> {
  let result: TrainResult = { lossTrEpochs: [], lossValEpochs: [], best: undefined };
  let mistakes = 0;
  for await (const event of events) {
    if (event.type === 'mistake' && (!printValMistakes || mistakes++ >= maxMistakes)) continue;
    if (event.type === 'evaluation') mistakes = 0;
    if (event.type === 'end') result = event.result;
    writeJson(event);
  }
  return result;
}
