import type { BertConfig } from '../checkpoint/config.ts';
import type { DataLoader } from '../data/dataloader.ts';
import { loadNative } from '../engine/native.ts';
import { OptionError } from '../errors.ts';
import { type Plan, planOf } from '../training/plan/plan.ts';
import { availableMemory } from './available-memory.ts';
import { bytes } from './plan-messages.ts';
import type { TrainRun } from './train.ts';

/** What the thread that draws the curves takes on top, measured, in bytes. */
const DRAWING = 340 * 2 ** 20;

/** The sentences of a run, encoded. */
export interface RunLoaders {
  training: DataLoader;
  evaluation: DataLoader | undefined;
}

/**
 * The plan of a run, made before its model is loaded.
 *
 * @throws OptionError if the machine has not enough memory for it
 */
export function makePlan(loaders: RunLoaders, config: BertConfig, numLabels: number, run: TrainRun): Plan {
  const { threads, cudaDevices } = loadNative().runtimeInfo();
  const resident = process.memoryUsage.rss();
  const machine = {
    config,
    numLabels,
    dtype: run.dtype === 'bfloat16' ? ('bfloat16' as const) : ('float32' as const),
    threads,
    resident: resident + (run.figures ? DRAWING : 0),
  };
  const plan = planOf({ ...loaders, ...run, ...machine });
  const onCpu = run.device === 'cpu' || (run.device === 'auto' && cudaDevices === 0);
  // A GPU's memory is not known before something is put there.
  if (onCpu) checkMemory(plan, run, resident + availableMemory(resident));
  return plan;
}

/**
 * Refuses a plan that takes more memory than there is.
 *
 * @param limit bytes that the process may have in all
 * @throws OptionError that says what would take less
 */
export function checkMemory({ memory }: Plan, { gradientCheckpointing }: TrainRun, limit: number): void {
  if (memory.total <= limit) return;
  const remedies = ['a smaller model'];
  if (memory.total - memory.activations < limit) {
    remedies.unshift('a smaller --max-len-seq');
    if (!gradientCheckpointing) remedies.unshift('--gradient-checkpointing');
  }
  throw new OptionError(
    'the run',
    `a plan that fits into ${bytes(limit)} of memory`,
    `about ${bytes(memory.total)}, ${bytes(memory.activations)} of them for sentences that are computed at once`,
    `Use ${remedies.join(', or ')}`,
  );
}
