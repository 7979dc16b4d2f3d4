import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { TrainerEvent } from '../../../../src/training/events.ts';
import { readEventFile } from '../../../support/event-file.ts';
import { loaderOf, only, sentences, smallModel, trainerOf } from '../../../support/small-training.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

/* Runs of 3 epochs of 6 steps, evaluated after every 4 steps, with a state after every 5 steps and each epoch. */

const files = [
  'history.jsonl',
  'report.json',
  'classification_report.txt',
  'error_curves.svg',
  'learning_rate.svg',
];

/** Trains until an event that ends it. */
async function run(
  outputDir: string,
  resume: boolean,
  isLast: (event: TrainerEvent) => boolean = () => false,
): Promise<TrainerEvent[]> {
  await using model = await smallModel();
  const trainer = trainerOf(model, {
    outputDir,
    nEpochs: 3,
    evaluateEvery: { steps: 4 },
    saveEvery: 5,
    report: true,
    tensorboard: true,
    figures: true,
    figureTheme: 'light',
  });
  const loader = loaderOf(model, sentences(24));
  const events: TrainerEvent[] = [];
  for await (const event of trainer.run({ dataloaderTrain: loader, dataloaderVal: loader, resume })) {
    events.push(event);
    if (isLast(event)) break;
  }
  return events;
}

const whole = await mkdtemp(join(tmpdir(), 'nerbert-whole-'));
test.before(async () => {
  await run(whole, false);
});
test.after.always(() => rm(whole, { recursive: true, force: true }));

const cases: { name: string; last: (event: TrainerEvent) => boolean; from: number; torn?: string }[] = [
  { name: 'at a step', last: event => event.type === 'step' && event.step === 8, from: 6 },
  { name: 'at a state', last: event => event.type === 'state' && event.step === 10, from: 10 },
  {
    name: 'at a line that was cut off',
    last: event => event.type === 'step' && event.step === 11,
    from: 10,
    torn: '{"type":"st',
  },
  { name: 'after an evaluation', last: event => event.type === 'evaluation' && event.step === 8, from: 6 },
  {
    name: 'at the end of an epoch, which is told again',
    last: event => event.type === 'evaluation' && event.step === 12,
    from: 10,
  },
  { name: 'before it ends', last: event => event.type === 'state' && event.step === 18, from: 18 },
];
for (const { name, last, from, torn = '' } of cases) {
  test(`the records of a resumed run are those of an uninterrupted one: ${name}`, async t => {
    const folder = await temporaryFolder(t);
    await run(folder, false, last);
    await appendFile(join(folder, 'history.jsonl'), torn);
    const [start] = only(await run(folder, true), 'start');
    t.is(start?.resumed?.step, from);
    for (const file of files) {
      t.is(await readFile(join(folder, file), 'utf8'), await readFile(join(whole, file), 'utf8'), file);
    }
    const names = (await readdir(join(folder, 'tensorboard'))).sort();
    t.is(names.length, 2);
    const second = readEventFile(await readFile(join(folder, 'tensorboard', names[1] ?? '')));
    t.like(second[1], { step: from + 1, sessionStatus: 1 }, 'later steps of the first file are void');
  });
}

test('resuming a run that has ended leaves its records as they are', async t => {
  const folder = await temporaryFolder(t);
  await run(folder, false);
  const before = await Promise.all(files.map(file => readFile(join(folder, file), 'utf8')));
  await run(folder, true);
  t.deepEqual(await Promise.all(files.map(file => readFile(join(folder, file), 'utf8'))), before);
});
