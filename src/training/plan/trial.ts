import type { DataLoader } from '../../data/dataloader.ts';
import { checkBatch } from '../../engine/packing.ts';
import type { BertForTokenClassification } from '../../model/bert-for-token-classification.ts';
import { countLabels, stepBatches } from '../loader.ts';
import type { Optimizer } from '../optimizer.ts';
import type { Plan } from './plan.ts';

/** How long a run will take, from trial steps. */
export interface TimeEstimate {
  /** Optimizer steps that were timed. */
  trialSteps: number;
  /** Positions a second, special tokens included. */
  trainingPace: number;
  /** Undefined without evaluation data. */
  evaluationPace: number | undefined;
  secondsPerEpoch: number;
  /** All epochs with their evaluations, without saving. */
  seconds: number;
}

/** Spread over the epoch, so that batches of all lengths are among them. */
const TRIAL_STEPS = 8;
const TRIAL_BATCHES = 8;

/** After this many milliseconds no further trial is begun. */
const TRIAL_MS = 15_000;

/**
 * Times steps and predictions. The model and its optimizer are changed: they are to be thrown away.
 *
 * @throws the signal's reason if it aborts
 */
export async function timeTrial(
  { training, evaluation, epochs }: Plan,
  model: BertForTokenClassification,
  optimizer: Optimizer,
  loaders: { training: DataLoader; evaluation: DataLoader | undefined; accumulateGradEvery: number },
  signal?: AbortSignal,
): Promise<TimeEstimate> {
  const check = (batch: Parameters<typeof checkBatch>[0]) =>
    checkBatch(batch, model.geometry, 'batch').packed;
  const groups = spread([...stepBatches(loaders.training, loaders.accumulateGradEvery)], TRIAL_STEPS);
  const steps = await paceOf(groups, signal, async group => {
    const batches = group.map(check);
    if (!batches.some(batch => countLabels(batch).words > 0)) return 0; // the loop passes over these too
    const { pieces } = await model.trainStep(batches, { optimizer });
    return pieces;
  });
  const predictions =
    loaders.evaluation &&
    (await paceOf(spread([...loaders.evaluation], TRIAL_BATCHES), signal, async batch => {
      const packed = check(batch);
      await model.predictLabelled(packed);
      return packed.inputIds.length;
    }));
  const secondsPerEpoch =
    training.positions / steps.pace +
    (evaluation && predictions ? evaluation.positions / predictions.pace : 0);
  return {
    trialSteps: steps.trials,
    trainingPace: steps.pace,
    evaluationPace: predictions?.pace,
    secondsPerEpoch,
    seconds: epochs * secondsPerEpoch,
  };
}

/** Positions a second over trials; the first one, in which memory is taken, does not count unless it is the only one. */
async function paceOf<Item>(
  items: readonly Item[],
  signal: AbortSignal | undefined,
  trial: (item: Item) => Promise<number>,
): Promise<{ pace: number; trials: number }> {
  const begin = performance.now();
  let start = begin;
  let positions = 0;
  let trials = 0;
  for (const [index, item] of items.entries()) {
    signal?.throwIfAborted();
    positions += await trial(item);
    trials++;
    if (index === 0 && items.length > 1 && performance.now() - begin < TRIAL_MS / 2) {
      start = performance.now();
      positions = 0;
      trials = 0;
    } else if (performance.now() - begin > TRIAL_MS) break;
  }
  return { pace: (1000 * positions) / (performance.now() - start), trials };
}

/** As many items as asked for, evenly spaced. */
function spread<Item>(items: readonly Item[], count: number): Item[] {
  return items.filter(
    (_, index) =>
      Math.floor((index * count) / items.length) !== Math.floor(((index - 1) * count) / items.length),
  );
}
