import test from 'ava';
import { givenOptions } from '../../../src/cli/command-options.ts';
import { checkRecipe, recipeDefaults, recipeSpecs } from '../../../src/cli/recipe-options.ts';
import { OptionError } from '../../../src/errors.ts';
import { schedulerNames } from '../../../src/training/schedules.ts';

test('flags give schedules, warm-up, decays and freezing', async t => {
  t.deepEqual(
    await givenOptions(
      {
        scheduler: 'polynomial',
        warmupSteps: '10',
        power: '2',
        lrEnd: '1e-6',
        layerwiseDecay: '0.9',
        freezeLayers: '3',
        freezeEmbeddings: true,
        classWeights: 'balanced',
      },
      recipeSpecs,
    ),
    {
      scheduler: 'polynomial',
      warmupSteps: 10,
      power: 2,
      lrEnd: 1e-6,
      layerwiseDecay: 0.9,
      freezeLayers: 3,
      freezeEmbeddings: true,
      classWeights: 'balanced',
    },
  );
});

test('each schedule can be named, and a wrong name is answered with all of them', async t => {
  for (const scheduler of schedulerNames) {
    t.deepEqual(await givenOptions({ scheduler }, recipeSpecs), { scheduler });
  }
  const error = await t.throwsAsync(givenOptions({ scheduler: 'cosin' }, recipeSpecs));
  t.true(schedulerNames.every(name => error?.message.includes(`"${name}"`)));
});

for (const [flags, message] of [
  [{ layerwiseDecay: '0' }, /above 0 and at most 1 for --layerwise-decay but received 0/],
  [{ layerwiseDecay: '1.5' }, /for --layerwise-decay/],
  [{ freezeLayers: '1.5' }, /an integer of at least 0 for --freeze-layers/],
  [{ warmupSteps: '-1' }, /for --warmup-steps/],
] as const) {
  test(`refused: ${JSON.stringify(flags)}`, async t => {
    await t.throwsAsync(givenOptions(flags, recipeSpecs), { instanceOf: OptionError, message });
  });
}

test('options that contradict each other are refused', t => {
  const bad: [Parameters<typeof checkRecipe>[0], RegExp][] = [
    [{ warmupSteps: 5, warmupRatio: 0.1 }, /--warmup-ratio, not both, for --warmup-steps but received 5/],
    [
      { numCycles: 2 },
      /cosine or cosine_with_restarts, which --num-cycles belongs to, for --scheduler but received "linear"/,
    ],
    [{ power: 2, scheduler: 'cosine' }, /polynomial, which --power belongs to, .* but received "cosine"/],
    [{ freezeEmbeddings: false, freezeLayers: 2 }, /for freezeEmbeddings but received false/],
  ];
  for (const [given, message] of bad)
    t.throws(() => checkRecipe(given), { instanceOf: OptionError, message });
  t.notThrows(() => checkRecipe({ ...recipeDefaults, freezeEmbeddings: true, freezeLayers: 2 }));
  t.notThrows(() => checkRecipe({ numCycles: 2, scheduler: 'cosine_with_restarts', warmupSteps: 3 }));
});
