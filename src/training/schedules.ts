import { checkInteger, checkKnownOptions, checkNumber, checkOneOf } from '../check.ts';
import { OptionError } from '../errors.ts';

/** What a schedule needs of an optimizer: the rate that it scales. */
export interface ScheduledOptimizer {
  readonly learningRate: number;
}

/** A learning rate as a pure function of the step. */
export interface Scheduler {
  /** The rate that optimizer step `step` uses; steps count from 0. */
  learningRate(step: number): number;
  /** What it is, for a person to read. */
  readonly description?: string | undefined;
}

export interface LinearScheduleOptions {
  /** Its learning rate at this moment is the peak of the schedule. */
  optimizer: ScheduledOptimizer;
  /** Steps over which the rate rises linearly from 0; need not be an integer. */
  numWarmupSteps: number;
  /** Optimizer steps of the whole training, warm-up included. */
  numTrainingSteps: number;
}

export interface SchedulerOptions {
  /** Its learning rate at this moment is the peak of the schedule. */
  optimizer: ScheduledOptimizer;
  /** Steps over which the rate rises linearly from 0; need not be an integer. Not needed by `constant`. */
  numWarmupSteps?: number | undefined;
  /** Optimizer steps of the whole training, warm-up included. Not needed by `constant`, `constant_with_warmup`. */
  numTrainingSteps?: number | undefined;
  /** Of `cosine`: waves (0.5 falls once to 0). Of `cosine_with_restarts`: number of falls. @default 0.5, 1 */
  numCycles?: number | undefined;
  /** Of `polynomial`: the exponent. @default 1 */
  power?: number | undefined;
  /** Of `polynomial`: the rate at the end, below the optimizer's. @default 1e-7 */
  lrEnd?: number | undefined;
}

/** What a schedule is made from, checked. */
interface Shape {
  peak: number;
  warmup: number;
  total: number;
  options: SchedulerOptions;
}

/** The factor of the peak rate at a step after warm-up. */
type Decay = (step: number) => number;

const none = (): Decay => () => 1;

function linear({ warmup, total }: Shape): Decay {
  return step => Math.max(0, (total - step) / Math.max(1, total - warmup));
}

function cosine({ warmup, total, options }: Shape): Decay {
  const numCycles = checkNumber('numCycles', options.numCycles ?? 0.5, 0);
  return step => halfCosine(numCycles * 2 * progress(step, warmup, total));
}

function cosineWithRestarts({ warmup, total, options }: Shape): Decay {
  const numCycles = checkNumber('numCycles', options.numCycles ?? 1, 0);
  return step => {
    const done = progress(step, warmup, total);
    return done >= 1 ? 0 : halfCosine((numCycles * done) % 1);
  };
}

function polynomial({ peak, warmup, total, options }: Shape): Decay {
  const power = checkNumber('power', options.power ?? 1, 0);
  const lrEnd = checkNumber('lrEnd', options.lrEnd ?? 1e-7, 0);
  if (lrEnd >= peak) throw new OptionError('lrEnd', `a rate below the optimizer's, ${peak},`, lrEnd);
  if (warmup === total) {
    throw new OptionError(
      'numWarmupSteps',
      'a number other than numTrainingSteps',
      warmup,
      'Leave steps to decay',
    );
  }
  return step => {
    const remaining = 1 - (step - warmup) / (total - warmup);
    return step > total ? lrEnd / peak : ((peak - lrEnd) * remaining ** power + lrEnd) / peak;
  };
}

/** The share of the steps after warm-up that is done; past the end above 1. */
function progress(step: number, warmup: number, total: number): number {
  return (step - warmup) / Math.max(1, total - warmup);
}

/** Falls from 1 at 0 to 0 at 1, and rises again to 1 at 2. */
function halfCosine(phase: number): number {
  return 0.5 * (1 + Math.cos(Math.PI * phase));
}

interface Schedule {
  needs: readonly ('numWarmupSteps' | 'numTrainingSteps')[];
  takes: readonly ('numCycles' | 'power' | 'lrEnd')[];
  decay(shape: Shape): Decay;
}

const WARMUP = ['numWarmupSteps'] as const;
const WARMUP_AND_TOTAL = ['numWarmupSteps', 'numTrainingSteps'] as const;

/** Names and formulas of transformers' get_scheduler. */
const SCHEDULES = {
  constant: { needs: [], takes: [], decay: none },
  constant_with_warmup: { needs: WARMUP, takes: [], decay: none },
  linear: { needs: WARMUP_AND_TOTAL, takes: [], decay: linear },
  cosine: { needs: WARMUP_AND_TOTAL, takes: ['numCycles'], decay: cosine },
  cosine_with_restarts: { needs: WARMUP_AND_TOTAL, takes: ['numCycles'], decay: cosineWithRestarts },
  polynomial: { needs: WARMUP_AND_TOTAL, takes: ['power', 'lrEnd'], decay: polynomial },
} as const satisfies Record<string, Schedule>;

export type SchedulerName = keyof typeof SCHEDULES;

export const schedulerNames = Object.keys(SCHEDULES) as SchedulerName[];

/** The schedules that an option of their own belongs to. */
export function schedulesWith(option: Schedule['takes'][number]): SchedulerName[] {
  return schedulerNames.filter(name => (SCHEDULES[name] as Schedule).takes.includes(option));
}

/** Optimizers that a schedule was made for. */
const scheduled = new WeakSet<ScheduledOptimizer>();

/** Whether a schedule was made for an optimizer: the finder of learning rates refuses it then. */
export function hasSchedule(optimizer: ScheduledOptimizer): boolean {
  return scheduled.has(optimizer);
}

/**
 * A learning-rate schedule by its name in transformers: `constant`, `constant_with_warmup`, `linear`, `cosine`,
 * `cosine_with_restarts` or `polynomial`.
 *
 * Throws an OptionError for another name, for steps that the schedule needs but does not get, and for options that
 * belong to another schedule.
 */
export function getScheduler(name: SchedulerName, options: SchedulerOptions): Scheduler {
  const schedule: Schedule = SCHEDULES[checkOneOf('name', name, schedulerNames)];
  checkKnownOptions(`the ${name} schedule`, options, ['optimizer', ...WARMUP_AND_TOTAL, ...schedule.takes]);
  const peak = checkNumber('optimizer.learningRate', options.optimizer?.learningRate, 0);
  const steps = (option: 'numWarmupSteps' | 'numTrainingSteps') =>
    schedule.needs.includes(option) ? checkNumber(option, options[option], 0) : 0;
  const warmup = steps('numWarmupSteps');
  const total = steps('numTrainingSteps');
  const decay = schedule.decay({ peak, warmup, total, options });
  const spans = {
    numWarmupSteps: `${rounded(warmup)} warm-up steps`,
    numTrainingSteps: `${rounded(total)} in all`,
  };
  scheduled.add(options.optimizer);
  return {
    description: [name, ...schedule.needs.map(option => spans[option])].join(', '),
    learningRate(step) {
      checkInteger('step', step);
      return peak * (step < warmup ? step / Math.max(1, warmup) : decay(step));
    },
  };
}

/** Linear warm-up from 0 to the optimizer's learning rate, then linear decay to 0; named as in transformers. */
export function getLinearScheduleWithWarmup(options: LinearScheduleOptions): Scheduler {
  return getScheduler('linear', options);
}

/** A number of steps, which may have a fraction, as it is shown. */
function rounded(steps: number): string {
  return steps.toLocaleString('en-US', { maximumFractionDigits: 1 });
}
