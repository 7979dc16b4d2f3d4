import { readFileSync } from 'node:fs';
import test from 'ava';
import { OptionError } from '../../../src/errors.ts';
import {
  getLinearScheduleWithWarmup,
  getScheduler,
  type SchedulerName,
  type SchedulerOptions,
} from '../../../src/training/schedules.ts';
import { fixture } from '../../support/shared.ts';

interface GoldenSchedule {
  name: SchedulerName;
  warmup: number | null;
  total: number | null;
  num_cycles?: number;
  power?: number;
  lr_end?: number;
  lr: number[] | { error: unknown };
}

const goldens: { base_lr: number; cases: GoldenSchedule[] } = JSON.parse(
  readFileSync(fixture('goldens', 'schedules.json'), 'utf8'),
);
const optimizer = { learningRate: goldens.base_lr };
const LINEAR = { optimizer, numWarmupSteps: 2, numTrainingSteps: 10 };

/** Every rate within a relative 1e-12 of the expected one. */
function agrees(actual: readonly number[], expected: readonly number[]): boolean {
  return (
    actual.length === expected.length &&
    expected.every((rate, k) => Math.abs((actual[k] ?? Number.NaN) - rate) <= 1e-12 * Math.abs(rate))
  );
}

for (const golden of goldens.cases) {
  const { name, warmup, total, num_cycles, power, lr_end, lr } = golden;
  const options: SchedulerOptions = {
    optimizer,
    ...(warmup !== null && { numWarmupSteps: warmup }),
    ...(total !== null && { numTrainingSteps: total }),
    ...(num_cycles !== undefined && { numCycles: num_cycles }),
    ...(power !== undefined && { power }),
    ...(lr_end !== undefined && { lrEnd: lr_end }),
  };
  const title = [name, warmup, total, num_cycles, power, lr_end].filter(part => part != null).join(' ');
  if (Array.isArray(lr)) {
    test(`transformers: ${title}`, t => {
      const schedule = getScheduler(name, options);
      const rates = lr.map((_, step) => schedule.learningRate(step));
      t.true(agrees(rates, lr), `${rates} instead of ${lr}`);
    });
  } else {
    test(`refused as in transformers: ${title}`, t => {
      t.throws(() => getScheduler(name, options), { instanceOf: OptionError });
    });
  }
}

test('getLinearScheduleWithWarmup is the linear schedule', t => {
  const [named, linear] = [getLinearScheduleWithWarmup(LINEAR), getScheduler('linear', LINEAR)];
  for (let step = 0; step < 14; step++) t.is(named.learningRate(step), linear.learningRate(step));
});

test('rates do not depend on the order in which they are asked for', t => {
  const schedule = getScheduler('cosine', LINEAR);
  const forward = [0, 3, 9].map(step => schedule.learningRate(step));
  t.deepEqual(
    [9, 3, 0].map(step => schedule.learningRate(step)),
    forward.reverse(),
  );
});

test('the peak is the learning rate at creation', t => {
  const changing = { learningRate: 1 };
  const schedule = getScheduler('constant', { optimizer: changing });
  changing.learningRate = 2;
  t.is(schedule.learningRate(5), 1);
});

const refused: Record<string, [name: string, options: object, message: RegExp]> = {
  'an unknown name': ['triangular', LINEAR, /"linear".* for name but received "triangular"/],
  'no warm-up steps': ['linear', { optimizer, numTrainingSteps: 9 }, /numWarmupSteps but received undefined/],
  'no training steps': [
    'cosine',
    { optimizer, numWarmupSteps: 1 },
    /numTrainingSteps but received undefined/,
  ],
  'negative warm-up': ['linear', { ...LINEAR, numWarmupSteps: -1 }, /numWarmupSteps but received -1/],
  'an option of another schedule': [
    'linear',
    { ...LINEAR, power: 2 },
    /linear schedule but received "power"/,
  ],
  'no optimizer': ['linear', { ...LINEAR, optimizer: undefined }, /optimizer.learningRate/],
  'an end above the peak': [
    'polynomial',
    { ...LINEAR, lrEnd: 1 },
    /below the optimizer's.* lrEnd but received 1/,
  ],
};
for (const [what, [name, options, message]] of Object.entries(refused)) {
  test(`refuses ${what}`, t => {
    t.throws(() => getScheduler(name as SchedulerName, options as SchedulerOptions), {
      instanceOf: OptionError,
      message,
    });
  });
}

test('refuses a step that is no step', t => {
  const schedule = getScheduler('linear', LINEAR);
  t.throws(() => schedule.learningRate(-1), { instanceOf: OptionError });
  t.throws(() => schedule.learningRate(0.5), { instanceOf: OptionError });
});
