import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataLoaderOptions } from '../../src/data/dataloader.ts';
import type { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';
import type { TrainerEvent } from '../../src/training/events.ts';
import type { BatchLoader } from '../../src/training/loader.ts';
import type { RunOptions } from '../../src/training/trainer.ts';
import type { BertTrainerOptions } from '../../src/training/trainer-options.ts';
import { parametersOf } from './model-values.ts';
import { loaderOf, sentences, smallModel, trainerOf } from './small-training.ts';

/* Runs that can be told to end at some event, and what is left of them. */

export interface Recipe {
  trainer?: Partial<BertTrainerOptions>;
  loader?: Partial<DataLoaderOptions>;
  /** Wraps the training loader. */
  wrap?: (loader: BatchLoader, stop: () => void) => BatchLoader;
}

export interface RunRecord {
  events: TrainerEvent[];
  parameters: Map<string, Float32Array>;
  /** What was thrown. */
  error?: unknown;
}

const dropout = { hiddenDropoutProb: 0.2, attentionProbsDropoutProb: 0.2, classifierDropout: 0.2 };

/** Three epochs of 4 steps, of 2 micro-batches each but the last, with everything random that there is. */
export async function run(
  outputDir: string,
  { trainer: options = {}, loader = {}, wrap = loader => loader }: Recipe = {},
  endAt: { stop?: (event: TrainerEvent) => boolean; leave?: (event: TrainerEvent) => boolean } = {},
  data: Partial<RunOptions> = {},
): Promise<RunRecord> {
  await using model: BertForTokenClassification = await smallModel(dropout);
  const trainer = trainerOf(model, {
    nEpochs: 3,
    accumulateGradEvery: 2,
    outputDir,
    saveBest: true,
    report: true,
    saveEvery: 3,
    clipping: 1,
    scheduler: { learningRate: step => 1e-2 * 0.9 ** step },
    ...options,
  });
  const controller = new AbortController();
  const stop = () => controller.abort('told to stop');
  const record: RunRecord = { events: [], parameters: new Map() };
  try {
    const events = trainer.run({
      dataloaderTrain: wrap(loaderOf(model, sentences(27), { shuffle: true, ...loader }), stop),
      dataloaderVal: loaderOf(model, sentences(10, 27)),
      stopSignal: controller.signal,
      ...data,
    });
    for await (const event of events) {
      record.events.push(event);
      if (endAt.stop?.(event)) stop();
      if (endAt.leave?.(event)) break;
    }
  } catch (error) {
    record.error = error;
  }
  record.parameters = await parametersOf(model);
  return record;
}

/** The events that a run and the one that resumed it tell of together, each step and evaluation once. */
export function joined(...runs: RunRecord[]): TrainerEvent[] {
  let events: TrainerEvent[] = [];
  for (const run of runs) {
    const [start, ...others] = run.events;
    const from = start?.type === 'start' ? (start.resumed?.step ?? 0) : 0;
    const known = events.filter(event => event.type === 'step' && event.step <= from).length;
    const lastStep = events.findIndex(event => event.type === 'step' && event.step > from);
    const before = lastStep < 0 ? events : events.slice(0, lastStep);
    const [first] = others;
    // An evaluation that was under way, or not yet in the state, is told anew.
    const again =
      first?.type === 'evaluation-step' || first?.type === 'mistake' || first?.type === 'evaluation';
    const kept = again ? before.slice(0, before.findLastIndex(event => event.type === 'step') + 1) : before;
    if (known !== from) throw new Error(`${known} steps are known where the state has ${from}`);
    events = [...kept, ...others];
  }
  return events;
}

/** What a run says about its numbers. */
export const numbersOf = (events: readonly TrainerEvent[]): TrainerEvent[] =>
  events.filter(({ type }) => !['start', 'state', 'checkpoint'].includes(type));

/** SHA-256 of the files of a run folder but those to resume from, and the model card, which has a date. */
export async function filesOf(folder: string): Promise<Record<string, string>> {
  const found = await readdir(folder, { withFileTypes: true });
  const files = found.filter(entry => entry.isFile() && entry.name !== 'README.md');
  const entries = files.map(async ({ name }) => {
    const content = await readFile(join(folder, name));
    return [name, createHash('sha256').update(content).digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
