import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Score } from '../../evaluation/scores.ts';
import { GrowingFile, makeFolder } from '../../files.ts';
import { restartRecord, scalarRecord, versionRecord } from '../../report/event-file.ts';
import type { EvaluationEvent, StepEvent, TrainerEvent } from '../events.ts';
import type { Recorder } from './recorder.ts';

/** Writes the numbers of a run into an event file of TensorBoard, each run or resumed run into one of its own. */
export class TensorBoardRecorder implements Recorder {
  readonly #folder: string;
  #file: GrowingFile | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async record(event: TrainerEvent): Promise<void> {
    const wallTime = Date.now() / 1000;
    if (event.type === 'start') {
      await makeFolder(this.#folder);
      this.#file = await GrowingFile.open(join(this.#folder, fileName(wallTime)));
      await this.#file.append(versionRecord(wallTime));
      // A run in the folder of another voids it all; a resumed run, what its predecessor did after its state was saved.
      await this.#file.append(restartRecord(wallTime, event.resumed ? event.resumed.step + 1 : 0));
    } else if (event.type === 'step') {
      await this.#file?.append(scalarRecord({ wallTime, step: event.step, scalars: ofStep(event) }));
    } else if (event.type === 'evaluation') {
      await this.#file?.append(scalarRecord({ wallTime, step: event.step, scalars: ofEvaluation(event) }));
    }
  }

  recall(): void {}

  async close(): Promise<void> {
    await this.#file?.close();
  }
}

/** TensorBoard reads files whose names hold `tfevents`, in the order of their names. */
function fileName(wallTime: number): string {
  const milliseconds = String(Math.floor(wallTime * 1000)).slice(-3);
  const unique = `${milliseconds}.${randomUUID().slice(0, 8)}`;
  return `events.out.tfevents.${Math.floor(wallTime)}.${hostname()}.${process.pid}.${unique}`;
}

function ofStep({ loss, learningRate, gradNorm }: StepEvent): Record<string, number> {
  return { 'train/loss': loss, 'train/learning_rate': learningRate, 'train/grad_norm': gradNorm };
}

function ofEvaluation({ epoch, lossTr, evaluation }: EvaluationEvent): Record<string, number> {
  const training = { 'train/epoch': epoch, 'train/epoch_loss': lossTr };
  if (!evaluation) return training;
  const { loss, entities, words } = evaluation;
  const types = Object.entries(entities.perType).map(([type, { f1 }]) => [`eval_f1/${type}`, f1]);
  return {
    ...training,
    'eval/loss': loss,
    ...scores('eval', entities.micro),
    'eval/macro_f1': entities.macro.f1,
    'eval/weighted_f1': entities.weighted.f1,
    ...scores('eval_words', words),
    'eval_words/accuracy': words.accuracy,
    ...Object.fromEntries(types),
  };
}

function scores(group: string, { precision, recall, f1 }: Score): Record<string, number> {
  return { [`${group}/precision`]: precision, [`${group}/recall`]: recall, [`${group}/f1`]: f1 };
}
