import { readFile } from 'node:fs/promises';
import { GrowingFile, writeFileAtomically } from '../../files.ts';
import type { CheckpointEvent, EvaluationEvent, ResumedFrom, StepEvent, TrainerEvent } from '../events.ts';
import type { Recorder } from './recorder.ts';

/** What is a line of history.jsonl. Where checkpoints lie is left out: beside it, wherever the folder is moved. */
export type HistoryEvent = StepEvent | EvaluationEvent | Omit<CheckpointEvent, 'dir'>;

/** Appends steps, evaluations and checkpoints to a file, a line of JSON each. */
export class HistoryRecorder implements Recorder {
  readonly #path: string;
  #file: GrowingFile | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  async record(event: TrainerEvent): Promise<void> {
    if (event.type === 'start') {
      if (!event.resumed) await writeFileAtomically(this.#path, '');
      this.#file = await GrowingFile.open(this.#path);
    } else if (event.type === 'checkpoint') {
      const { dir, ...line } = event;
      await this.#append(line);
    } else if (event.type === 'step' || event.type === 'evaluation') {
      await this.#append(event);
    }
  }

  recall(): void {}

  async close(): Promise<void> {
    await this.#file?.close();
  }

  async #append(event: HistoryEvent): Promise<void> {
    await this.#file?.append(`${JSON.stringify(event)}\n`);
  }
}

/**
 * Drops what a history file tells of later steps and evaluations than those that a run resumes from, and a last line
 * that was cut off.
 *
 * @returns the events that are left; none where there is no file
 */
export async function rewindHistory(path: string, resumed: ResumedFrom): Promise<HistoryEvent[]> {
  const text = await readFile(path, 'utf8').catch(error => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const kept: string[] = [];
  const events: HistoryEvent[] = [];
  // After the last line break stands nothing, or a line that was cut off.
  for (const line of text.split('\n').slice(0, -1)) {
    const event = JSON.parse(line) as HistoryEvent;
    if (!isBefore(event, resumed)) break;
    kept.push(`${line}\n`);
    events.push(event);
  }
  await writeFileAtomically(path, kept.join(''));
  return events;
}

function isBefore(event: HistoryEvent, { step, epoch, evaluatedAt = 0 }: ResumedFrom): boolean {
  if (event.type === 'step') return event.step <= step;
  if (event.type === 'checkpoint') return true; // as is the evaluation that it follows
  return event.endOfEpoch ? event.epoch < epoch : event.step <= evaluatedAt;
}
