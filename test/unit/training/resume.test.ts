import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { TrainerEvent } from '../../../src/training/events.ts';
import { filesOf, joined, numbersOf, type Recipe, type RunRecord, run } from '../../support/resuming.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

type Ending = Parameters<typeof run>[2];

/** What the uninterrupted run leaves, for each recipe. */
const wholeRuns = new Map<Recipe, Promise<{ record: RunRecord; files: Record<string, string> }>>();

async function wholeRun(recipe: Recipe) {
  const folder = join(await mkdtemp(join(tmpdir(), 'nerbert-')), 'run');
  const record = await run(folder, recipe);
  const files = await filesOf(folder);
  await rm(dirname(folder), { recursive: true });
  return { record, files };
}

/** Compares a run that was ended, once for each of `endings`, and resumed, with one that was not. */
async function checkResumed(t: ExecutionContext, recipe: Recipe, endings: Ending[]): Promise<RunRecord[]> {
  const known = wholeRuns.get(recipe) ?? wholeRun(recipe);
  wholeRuns.set(recipe, known);
  const { record: expected, files } = await known;
  const parts = join(await temporaryFolder(t), 'run');
  t.is(expected.error, undefined);
  const runs: RunRecord[] = [];
  for (const [i, ending] of [...endings, {}].entries()) {
    const part = await run(parts, recipe, ending, { resume: i > 0 });
    if (i === endings.length) t.is(part.error, undefined);
    else if (ending?.stop) t.is(part.error, 'told to stop');
    runs.push(part);
  }
  const last = runs.at(-1);
  t.deepEqual(numbersOf(joined(...runs)), numbersOf(expected.events));
  t.deepEqual(last?.parameters, expected.parameters);
  t.deepEqual(await filesOf(parts), files);
  t.deepEqual(await readdir(join(parts, 'resume')), ['finished.json']);
  return runs;
}

const at =
  (type: TrainerEvent['type'], count: number) =>
  (event: TrainerEvent): boolean =>
    event.type === type && --count === 0;

const plain: Recipe = {};

const moments: [name: string, ending: () => Ending, steps: number][] = [
  ['at the start', () => ({ stop: at('start', 1) }), 0],
  ['after a step', () => ({ stop: at('step', 6) }), 6],
  ['after the last step of an epoch', () => ({ stop: at('step', 4) }), 4],
  ['while a state is saved', () => ({ stop: at('state', 1) }), 3],
  ['in an evaluation', () => ({ stop: at('evaluation-step', 5) }), 8],
  ['after an evaluation', () => ({ stop: at('evaluation', 2) }), 8],
  ['after a checkpoint', () => ({ stop: at('checkpoint', 1) }), 4],
  ['in the last evaluation', () => ({ stop: at('evaluation-step', 8) }), 12],
  ['left without a word', () => ({ leave: at('step', 8) }), 6],
  ['left at an epoch’s evaluation', () => ({ leave: at('evaluation', 1) }), 3],
];

for (const [name, ending, steps] of moments) {
  test(`${name}: the resumed run is the uninterrupted one, bit for bit`, async t => {
    const [, resumed] = await checkResumed(t, plain, [ending()]);
    const [start] = resumed?.events ?? [];
    t.is(start?.type === 'start' && start.resumed?.step, steps);
  });
}

const recipes: [name: string, recipe: Recipe][] = [
  ['batches of like length', { loader: { groupByLength: true } }],
  [
    'evaluations every few steps and early stopping by another metric',
    { trainer: { evaluateEvery: { steps: 3 }, earlyStopping: { patience: 2 }, metric: 'loss' } },
  ],
];

for (const [name, recipe] of recipes) {
  test(`${name}: runs resumed twice are the uninterrupted one`, async t => {
    await checkResumed(t, recipe, [{ stop: at('step', 2) }, { stop: at('evaluation', 1) }]);
  });
}

test('told to stop while the micro-batches of a step are gathered, a run has not begun that step', async t => {
  let armed = false;
  /** Says stop when the first micro-batch of the third step has been taken from the loader. */
  const wrap: Recipe['wrap'] = (loader, stop) =>
    new Proxy(loader, {
      get(target, key) {
        if (key !== Symbol.iterator) return Reflect.get(target, key, target);
        return function* () {
          let taken = 0;
          for (const batch of target) {
            if (++taken === 6 && armed) {
              armed = false;
              stop();
            }
            yield batch;
          }
        };
      },
      set: (target, key, value) => Reflect.set(target, key, value, target),
    });
  const arm = (event: TrainerEvent): boolean => {
    if (event.type === 'start') armed = true;
    return false;
  };
  const [first] = await checkResumed(t, { wrap }, [{ stop: arm }]);
  t.is(first?.error, 'told to stop');
  t.is(first?.events.filter(event => event.type === 'step').length, 2);
});

test('options that change no number may be others when a run is resumed', async t => {
  const folder = join(await temporaryFolder(t), 'run');
  const expected = await run(join(await temporaryFolder(t), 'whole'));
  const first = await run(folder, plain, { stop: at('step', 6) });
  const others = { printEvery: 3, progress: false, maxMistakes: 1, keep: 1, saveEvery: 5 };
  const second = await run(folder, { trainer: others }, {}, { resume: true });
  t.is(second.error, undefined);
  t.deepEqual(numbersOf(joined(first, second)), numbersOf(expected.events));
  t.deepEqual(second.parameters, expected.parameters);
});
