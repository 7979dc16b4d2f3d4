import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { corpusFolder, runCli, runFlags } from '../support/cli.ts';

test.serial('schedule, warm-up steps, decay, freezing and class weights reach the training', async t => {
  const cwd = await corpusFolder(t);
  const recipe = {
    scheduler: 'cosine',
    numCycles: 1,
    warmupSteps: 2,
    learningRate: 0.01,
    optimizer: 'adamw',
    layerwiseDecay: 0.5,
    freezeLayers: 1,
    epochs: 3,
    groupByLength: true,
  };
  await writeFile(join(cwd, 'recipe.json'), JSON.stringify(recipe));
  const args = ['train', ...runFlags, '--config', 'recipe.json', '--class-weights', 'balanced', '--json'];
  const { code, stdout, stderr } = await runCli([...args, '--output-dir', 'run'], { cwd });
  t.is(code, 0, stderr);
  t.regex(stderr, /\nFrozen: the embeddings and the lowest 1 of 2 layers\.\n/);
  const events = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
  const rates: number[] = events.filter(({ type }) => type === 'step').map(step => step.learningRate);
  // Warm-up over 2 steps, then a whole cosine wave over the other 4.
  for (const [step, rate] of [0, 0.005, 0.01, 0.005, 0, 0.005].entries()) {
    t.true(Math.abs((rates[step] ?? Number.NaN) - rate) < 1e-9, `step ${step}: ${rates[step]}`);
  }
  t.is(rates.length, 6);
});

test.serial('gradient checkpointing changes no number', async t => {
  const cwd = await corpusFolder(t);
  const args = ['train', ...runFlags, '--epochs', '2', '--dtype', 'float32'];
  const plain = await runCli([...args, '--output-dir', 'plain'], { cwd });
  const spare = await runCli([...args, '--gradient-checkpointing', '--output-dir', 'spare'], { cwd });
  t.deepEqual([plain.code, spare.code], [0, 0], spare.stderr);
  const report = (dir: string) => readFile(join(cwd, dir, 'report.json'), 'utf8');
  t.is(await report('spare'), await report('plain'));
  const { options } = JSON.parse(await readFile(join(cwd, 'spare', 'run_config.json'), 'utf8'));
  t.true(options.gradientCheckpointing);
});

test.serial(
  'more frozen layers than the model has, or a recipe that contradicts itself, is refused',
  async t => {
    const cwd = await corpusFolder(t);
    const layers = await runCli(['train', ...runFlags, '--freeze-layers', '3'], { cwd });
    t.is(layers.code, 2);
    t.regex(layers.stderr, /at most 2, the model's layers, for --freeze-layers but received 3/);
    const cycles = await runCli(['train', ...runFlags, '--num-cycles', '3'], { cwd });
    t.is(cycles.code, 2);
    t.regex(cycles.stderr, /which --num-cycles belongs to, for --scheduler but received "linear"/);
  },
);
