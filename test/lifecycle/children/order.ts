/* Prints the order in which calls made at once on one model settle, and that two models mixed learn as they do alone. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BertForTokenClassification } from '../../../src/model/bert-for-token-classification.ts';
import { adam, batch, beginLongStep, smallModel } from './models.ts';

async function callsOfOneModel(): Promise<string[]> {
  const settled: string[] = [];
  const { model, step } = await beginLongStep();
  const optimizer = adam(model);
  const note = (name: string, job: Promise<unknown>) =>
    job.then(
      () => settled.push(name),
      error => settled.push(`${name}: ${error.code}`),
    );
  await Promise.all([
    note('long step', step),
    note('step', model.trainStep(batch(), { optimizer })),
    note('forward', model.forward(batch())),
    note('dispose', model.dispose()),
    note('dispose again', model.dispose()),
    note('late step', model.trainStep(batch(), { optimizer })),
  ]);
  return settled;
}

/** The order of two calls that both end while JavaScript is busy; `forward` awaits more layers than `dispose`. */
async function callsEndedMeanwhile(): Promise<string[]> {
  const settled: string[] = [];
  const [model, other] = await Promise.all([smallModel(), smallModel()]);
  const jobs = Promise.all([
    model.forward(batch()).then(() => settled.push('forward')),
    model.dispose().then(() => settled.push('dispose')),
  ]);
  await blockUntilSaved(other);
  await jobs;
  await other.dispose();
  return settled;
}

/** Keeps JavaScript busy until the engine has written a parameter, which it does behind all calls made before. */
function blockUntilSaved(model: BertForTokenClassification): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'nerbert-order-'));
  const file = join(folder, 'weight');
  writeFileSync(file, new Uint8Array(new Float32Array(3 * 16).buffer));
  const saved = model.session.save([{ parameter: 'classifier.weight', file, offset: 0, dtype: 'float32' }]);
  while (readFileSync(file).every(byte => byte === 0)) {}
  rmSync(folder, { recursive: true });
  return saved;
}

async function losses(seeds: number[], together: boolean): Promise<number[][]> {
  const runs = seeds.map(async seed => {
    const model = await smallModel({ seed, hiddenDropoutProb: 0.2 });
    return { model, optimizer: adam(model), losses: [] as number[] };
  });
  const models = await Promise.all(runs);
  const step = async ({ model, optimizer, losses }: (typeof models)[number]): Promise<void> => {
    losses.push((await model.trainStep(batch(4, 9), { optimizer })).loss);
  };
  if (together) {
    for (let i = 0; i < 10; i++) await Promise.all(models.map(step));
  } else {
    for (const run of models) for (let i = 0; i < 10; i++) await step(run);
  }
  await Promise.all(models.map(({ model }) => model.dispose()));
  return models.map(run => run.losses);
}

/** Ticks of a timer of JavaScript while the engine is busy with one step. */
async function ticksDuringStep(): Promise<number> {
  const { model, step } = await beginLongStep();
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  await step;
  clearInterval(timer);
  await model.dispose();
  return ticks;
}

console.log(
  JSON.stringify({
    settled: await callsOfOneModel(),
    endedMeanwhile: await callsEndedMeanwhile(),
    together: await losses([1, 2, 3], true),
    alone: await losses([1, 2, 3], false),
    ticks: await ticksDuringStep(),
  }),
);
