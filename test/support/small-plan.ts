import type { TrainRun } from '../../src/cli/train.ts';
import { trainDefaults } from '../../src/cli/train-options.ts';
import { type Plan, type PlanInput, planOf } from '../../src/training/plan/plan.ts';
import { loaderOf, smallModel, tokenizer } from './small-training.ts';

/** Sentences of 5, 10 and 40 words, one piece each, that begin with an entity. */
const samples = [5, 10, 40].map((length, i) => ({
  words: Array.from({ length }, () => 'the'),
  labels: Array.from({ length }, (_, w) => (w > 0 ? 'O' : i < 2 ? 'B-cell' : 'B-protein')),
}));

/** Options of a run of `smallPlan`. */
export const run: TrainRun = {
  ...trainDefaults,
  maxLenSeq: 22,
  batchSize: 2,
  accumulateGradEvery: 1,
  outputDir: '.',
};

/** Of three epochs on these sentences, evaluated on the shorter two. */
export async function smallPlan(changes: Partial<PlanInput> = {}): Promise<Plan> {
  await using model = await smallModel();
  checkFixture();
  const load = (part: typeof samples) => loaderOf(model, part, { batchSize: 2 }, { maxLenSeq: 22 });
  return planOf({
    training: load(samples),
    evaluation: load(samples.slice(0, 2)),
    epochs: 3,
    accumulateGradEvery: 1,
    config: model.config,
    numLabels: 5,
    dtype: 'float32',
    gradientCheckpointing: false,
    threads: 2,
    resident: 1e8,
    ...changes,
  });
}

function checkFixture(): void {
  if (tokenizer.encodeWord('the').length !== 1) throw new Error('the fixture has changed');
}
