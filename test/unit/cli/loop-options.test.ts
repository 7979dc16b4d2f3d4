import test from 'ava';
import { givenOptions } from '../../../src/cli/command-options.ts';
import { checkLoop, loopDefaults, loopSettings, loopSpecs } from '../../../src/cli/loop-options.ts';
import { OptionError } from '../../../src/errors.ts';

test('what cannot be resumed, or contradicts itself, is refused by the flag', t => {
  const refusals: [given: Parameters<typeof checkLoop>[0], message: RegExp][] = [
    [{ resume: true }, /Expected the folder of the run to resume for --output-dir but received undefined/],
    [{ resume: true, outputDir: 'a', overwrite: true }, /Expected none beside --resume for --overwrite/],
    [
      { resume: true, outputDir: 'a', saveEvery: 'never' },
      /beside --resume for --save-every but received "never"/,
    ],
    [{ minGain: 0.1 }, /beside --min-gain for --patience/],
    [{ evalEverySteps: 1, evalEveryEpochs: 1 }, /not both, for --eval-every-steps/],
  ];
  for (const [given, message] of refusals) {
    t.throws(() => checkLoop(given), { instanceOf: OptionError, message });
  }
  t.notThrows(() => checkLoop({ resume: true, outputDir: 'a', patience: 2, minGain: 0.1 }));
});

test('--save-every takes a number of steps or a word', async t => {
  for (const [text, value] of [
    ['500', 500],
    ['epoch', 'epoch'],
    ['never', 'never'],
  ] as const) {
    t.deepEqual(await givenOptions({ saveEvery: text }, loopSpecs), { saveEvery: value });
  }
  for (const saveEvery of ['0', '1.5', 'often']) {
    await t.throwsAsync(givenOptions({ saveEvery }, loopSpecs), {
      instanceOf: OptionError,
      message: /a number of steps of at least 1, "epoch" or "never" for --save-every/,
    });
  }
});

test('flags become options of the trainer', t => {
  t.deepEqual(loopSettings(loopDefaults), {
    evaluateEvery: { epochs: 1 },
    earlyStopping: undefined,
    metric: 'f1',
    saveEvery: 'epoch',
    keep: 2,
  });
  t.like(loopSettings({ ...loopDefaults, evalEverySteps: 50, patience: 3, minGain: 0.01 }), {
    evaluateEvery: { steps: 50 },
    earlyStopping: { patience: 3, minimumGain: 0.01 },
  });
});
