import test from 'ava';
import { checkMemory } from '../../../src/cli/plan.ts';
import { bytes, describePlan, describeTime, duration } from '../../../src/cli/plan-messages.ts';
import { OptionError } from '../../../src/errors.ts';
import { run, smallPlan } from '../../support/small-plan.ts';

test('a plan beyond the memory is refused with what would take less', async t => {
  const plan = await smallPlan();
  const memory = {
    parameters: 1e9,
    gradients: 1e9,
    moments: 2e9,
    activations: 12e9,
    process: 1e9,
    total: 17e9,
  };
  const large = { ...plan, memory };
  t.notThrows(() => checkMemory(large, run, 17e9));
  t.throws(() => checkMemory(large, run, 11e9), {
    instanceOf: OptionError,
    message:
      /fits into 11\.0 GB of memory for the run but received .about 17\.0 GB, 12\.0 GB of them for sentences that are computed at once.*Use --gradient-checkpointing, or a smaller --max-len-seq, or a smaller model/,
  });
  t.throws(() => checkMemory(large, { ...run, gradientCheckpointing: true }, 11e9), {
    message: /Use a smaller --max-len-seq, or a smaller model/,
  });
  t.throws(() => checkMemory(large, run, 4e9), { message: /Use a smaller model/ });
});

test('a plan is told in lines of 80 columns at most', async t => {
  const plan = await smallPlan();
  const text = describePlan(plan, run);
  t.true(
    text.split('\n').every(line => line.length <= 80),
    text,
  );
  t.regex(text, /\nsentences beyond 20 pieces +1 +0\n {2}words lost if they were cut +20 +0\n/);
  t.regex(text, /\npadding to 22 would waste +38 % +57 %\nNothing is padded, and nothing cut:/);
  t.regex(text, /\nWarning: in training alone, so never scored: B-protein\n/);
  t.regex(text, /\nSteps: 6, 2 an epoch \(1 x 2 sentences a step\)\nMemory: about \d+ MB: /);
  const time = {
    trialSteps: 8,
    trainingPace: 12_345.6,
    evaluationPace: 1,
    secondsPerEpoch: 700,
    seconds: 4200,
  };
  t.is(
    describeTime(time, plan),
    'Time: about 12 min an epoch, 1 h 10 min in all (3 epochs)\n  (from 8 trial steps: 12,346 pieces a second)',
  );
  const alone = describePlan({ ...plan, evaluation: undefined, onlyInTraining: [] }, run);
  t.false(/evaluation|Warning/.test(alone), alone);
});

test('bytes and durations as people say them', t => {
  t.deepEqual([0, 4e5, 35e6, 999e6, 1.44e9].map(bytes), ['1 MB', '1 MB', '35 MB', '999 MB', '1.4 GB']);
  t.deepEqual([0.1, 40, 89, 95, 3599, 11_100].map(duration), [
    '1 s',
    '40 s',
    '89 s',
    '2 min',
    '1 h 0 min',
    '3 h 5 min',
  ]);
});
