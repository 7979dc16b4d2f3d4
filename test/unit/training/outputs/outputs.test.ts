import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import type { EvaluationEvent, TrainerEvent } from '../../../../src/training/events.ts';
import type { BertTrainerOptions } from '../../../../src/training/trainer-options.ts';
import { readEventFile } from '../../../support/event-file.ts';
import { pythonWith } from '../../../support/python.ts';
import {
  eventsOf,
  loaderOf,
  only,
  sentences,
  smallModel,
  trainerOf,
} from '../../../support/small-training.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

/** A run of 2 epochs of 6 steps, with what is asked for written into a folder. */
async function trained(
  t: ExecutionContext,
  options: Partial<BertTrainerOptions>,
  { validation = true } = {},
): Promise<{ folder: string; events: TrainerEvent[] }> {
  const folder = join(await temporaryFolder(t), 'run');
  await using model = await smallModel();
  const trainer = trainerOf(model, { nEpochs: 2, outputDir: folder, ...options });
  const events = await eventsOf(trainer, {
    dataloaderTrain: loaderOf(model, sentences(24)),
    dataloaderVal: validation ? loaderOf(model, sentences(6, 24)) : undefined,
  });
  return { folder, events };
}

/** What JSON makes of a value: no NaN, nothing undefined. */
function inJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

async function readLines(file: string): Promise<unknown[]> {
  const text = await readFile(file, 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
}

async function eventFiles(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'tensorboard'));
  return names.sort().map(name => join(folder, 'tensorboard', name));
}

test('history.jsonl holds steps, evaluations and checkpoints as the stream told them', async t => {
  const { folder, events } = await trained(t, { history: true, saveBest: true });
  const told = events.flatMap((event): object[] => {
    if (event.type === 'checkpoint') return [{ type: 'checkpoint', epoch: event.epoch }];
    return event.type === 'step' || event.type === 'evaluation' ? [event] : [];
  });
  t.is(only(events, 'step').length, 12);
  t.deepEqual(await readLines(join(folder, 'history.jsonl')), inJson(told));
});

test('equal runs leave equal histories and reports; a later one replaces the former', async t => {
  const folder = await temporaryFolder(t);
  const files = ['history.jsonl', 'report.json', 'classification_report.txt'];
  const contents: Buffer[][] = [];
  for (const _ of [1, 2]) {
    await trained(t, { outputDir: folder, report: true });
    contents.push(await Promise.all(files.map(name => readFile(join(folder, name)))));
  }
  t.deepEqual(contents[0], contents[1]);
  t.deepEqual((await readdir(folder)).sort(), files.sort());
});

test('report.json holds the scores of each epoch and of the best one', async t => {
  const { folder, events } = await trained(t, { report: true });
  const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
  const evaluations = only(events, 'evaluation');
  t.deepEqual(
    report.evaluations.map(({ epoch, step, lossTr }: EvaluationEvent) => [epoch, step, lossTr]),
    evaluations.map(({ epoch, lossTr }) => [epoch, 6 * epoch, lossTr]),
  );
  const { best } = only(events, 'end')[0]?.result ?? {};
  const { reportEntities, reportTokens, f1, ...scores } = best?.evaluation ?? {};
  t.is(report.best.evaluation.entities.micro.f1, f1);
  t.deepEqual(
    report.best,
    inJson({ epoch: best?.epoch, step: best?.step, lossTr: best?.lossTr, evaluation: scores }),
  );
  t.deepEqual(report.best, report.evaluations[(best?.epoch ?? 0) - 1]);
  t.deepEqual(Object.keys(report.best.evaluation.entities), ['perType', 'micro', 'macro', 'weighted']);
});

test('without validation data report.json holds the training losses', async t => {
  const { folder, events } = await trained(t, { report: true }, { validation: false });
  t.deepEqual(JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')), {
    evaluations: only(events, 'evaluation').map(({ epoch, step, lossTr }) => ({
      ...{ epoch, step, lossTr },
      evaluation: null,
    })),
    best: null,
  });
});

test('an event file for TensorBoard holds what the stream told', async t => {
  const { folder, events } = await trained(t, { tensorboard: true });
  const [file = '', ...others] = await eventFiles(folder);
  t.deepEqual(others, []);
  const [version, restart, ...scalars] = readEventFile(await readFile(file));
  t.is(version?.fileVersion, 'brain.Event:2');
  t.like(restart, { step: 0, sessionStatus: 1 });
  t.deepEqual(
    scalars.map(({ step, scalars }) => [step, scalars['train/loss'], scalars['eval/f1']]),
    events.flatMap(event => {
      if (event.type === 'step') return [[event.step, Math.fround(event.loss), undefined]];
      if (event.type !== 'evaluation' || !event.evaluation) return [];
      return [[event.epoch * 6, undefined, Math.fround(event.evaluation.f1)]];
    }),
  );
  const now = Date.now() / 1000;
  t.true(scalars.every(({ wallTime = 0 }) => wallTime > now - 600 && wallTime <= now));
});

const python = pythonWith('tensorboard');

(python === undefined ? test.skip : test)(
  'TensorBoard reads the event files of two runs in one folder (needs NERBERT_PYTHON with tensorboard)',
  async t => {
    const outputDir = await temporaryFolder(t);
    await trained(t, { outputDir, tensorboard: true, nEpochs: 3 });
    const { events } = await trained(t, { outputDir, tensorboard: true });
    const program = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
reader = EventAccumulator(sys.argv[1], size_guidance={'scalars': 0})
reader.Reload()
print(json.dumps({tag: [[s.step, s.value] for s in reader.Scalars(tag)] for tag in reader.Tags()['scalars']}))`;
    const args = ['-c', program, join(outputDir, 'tensorboard')];
    const { stdout } = await promisify(execFile)(python ?? '', args);
    const read: Record<string, [number, number][]> = JSON.parse(stdout);
    const steps = only(events, 'step');
    const evaluations = only(events, 'evaluation');
    t.deepEqual(
      read['train/loss'],
      steps.map(({ step, loss }) => [step, Math.fround(loss)]),
    );
    t.deepEqual(
      read['train/grad_norm'],
      steps.map(({ step, gradNorm }) => [step, Math.fround(gradNorm)]),
    );
    t.deepEqual(
      read['eval/f1'],
      evaluations.map(({ epoch, evaluation }) => [6 * epoch, Math.fround(evaluation?.f1 ?? Number.NaN)]),
    );
    t.deepEqual(
      Object.keys(read).sort(),
      [
        ...['eval/f1', 'eval/loss', 'eval/macro_f1', 'eval/precision', 'eval/recall', 'eval/weighted_f1'],
        ...['eval_f1/cell', 'eval_f1/protein'],
        ...['eval_words/accuracy', 'eval_words/f1', 'eval_words/precision', 'eval_words/recall'],
        ...['train/epoch', 'train/epoch_loss', 'train/grad_norm', 'train/learning_rate', 'train/loss'],
      ].sort(),
    );
  },
);

for (const theme of ['light', 'dark', 'both'] as const) {
  test(`figures in theme: ${theme}`, async t => {
    const { folder } = await trained(t, { figures: true, figureTheme: theme });
    const endings = { light: [''], dark: ['_dark'], both: ['', '_dark'] }[theme];
    const names = ['error_curves', 'learning_rate'].flatMap(name => endings.map(end => `${name}${end}`));
    t.deepEqual((await readdir(folder)).sort(), names.flatMap(name => [`${name}.png`, `${name}.svg`]).sort());
    for (const name of names) {
      const svg = await readFile(join(folder, `${name}.svg`), 'utf8');
      t.true(svg.includes(name.endsWith('_dark') ? '#0d1117' : '#ffffff'), name);
    }
  });
}

test('whoever sees an event finds it written, and leaves no file open who stops listening', async t => {
  const folder = join(await temporaryFolder(t), 'run');
  await using model = await smallModel();
  const trainer = trainerOf(model, { outputDir: folder, report: true, tensorboard: true, figures: true });
  const data = { dataloaderTrain: loaderOf(model, sentences(24)) };
  for await (const event of trainer.run(data)) {
    if (event.type !== 'step') continue;
    const lines = await readLines(join(folder, 'history.jsonl'));
    t.is(lines.length, event.step);
    const [file = ''] = await eventFiles(folder);
    t.is(readEventFile(await readFile(file)).length, 2 + event.step);
    if (event.step === 3) break;
  }
  const descriptors = await readdir('/proc/self/fd');
  const open = descriptors.map(name => readlink(`/proc/self/fd/${name}`).catch(() => ''));
  t.false((await Promise.all(open)).some(path => path.startsWith(folder)));
  t.false(existsSync(join(folder, 'error_curves.svg')));
});

test('evaluations within an epoch, and an epoch cut short by early stopping, are in report and figures', async t => {
  const { folder, events } = await trained(t, {
    nEpochs: 3,
    evaluateEvery: { steps: 4 },
    earlyStopping: { patience: 1, minimumGain: 1 },
    report: true,
    figures: true,
  });
  const { stoppedEarly, lossTrEpochs } = only(events, 'end')[0]?.result ?? {};
  t.deepEqual([stoppedEarly, lossTrEpochs?.length], [{ epoch: 2, step: 8 }, 2]);
  const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
  t.deepEqual(
    report.evaluations.map(({ epoch, step, evaluation }: EvaluationEvent) => [epoch, step, !evaluation]),
    [
      [1, 4, false],
      [1, 6, true],
      [2, 8, false],
    ],
  );
  const curves = await readFile(join(folder, 'error_curves.svg'), 'utf8');
  t.true(curves.includes('best epoch 0.67:') || curves.includes('best epoch 2:'), 'where the best one lies');
});
