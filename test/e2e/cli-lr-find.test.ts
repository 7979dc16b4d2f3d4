import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { corpusFolder, exitCode, modelFlags, rest, runCli, said, start } from '../support/cli.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

// In float32 on every machine, so that all suggest the same.
const sweepFlags = [
  '--num-iter',
  '20',
  '--skip-start',
  '4',
  '--skip-end',
  '2',
  '--batch-size',
  '8',
  '--dtype',
  'float32',
];
const gridFlags = ['--weight-decays', '0,0.1', '--dropouts', '0.1'];
const args = ['lr-find', '--train-file', 'train.iob2', ...modelFlags, ...sweepFlags, ...gridFlags];

interface Results {
  settings: Record<string, unknown>;
  advice?: { suggested?: { median: number; low: number; high: number; runs: number } };
  runs: { seed: number; weightDecay: number; dropout: number; ended: string; lr: number[]; loss: number[] }[];
}

async function resultsIn(...folder: string[]): Promise<Results> {
  return JSON.parse(await readFile(join(...folder, 'lr_finder.json'), 'utf8'));
}

test.serial('a sweep tells rates with their spread, draws, and writes the rate into a file', async t => {
  const cwd = await corpusFolder(t);
  const config = {
    trainFile: 'train.iob2',
    epochs: 2,
    accumulateGradEvery: 1,
    seed: 7,
    evalFile: 'dev.iob2',
  };
  await writeFile(join(cwd, 'run.json'), JSON.stringify(config));
  const flags = [...modelFlags, ...sweepFlags, ...gridFlags, '--seeds', '1,2', '--output-dir', 'out'];
  const { code, stdout, stderr } = await runCli(
    ['lr-find', '--config', 'run.json', '--apply', 'run.json', ...flags],
    { cwd },
  );
  t.deepEqual([code, stderr], [0, '']);
  t.regex(stdout, /\n4 range tests of 20 iterations: 2 weight decays x 1 dropouts x 2 seeds\.\n/);
  t.regex(stdout, /\nrun 4\/4: seed 2, weight decay 0\.1, dropout 0\.1: all iterations \(20 of 20\)/);
  t.regex(stdout, /\nweight decay +dropout +steepest +valley +lowest loss +diverged\n/);
  const rates = stdout.replace('For BERT-base 2e-5 to 5e-5 are usual', '').match(/\d(\.\d)?e-\d/g) ?? [];
  const spread = /(\d(?:\.\d)?e-\d) \((\d(\.\d)?e-\d) to (\d(\.\d)?e-\d) ?(in|: both methods,) \d runs\)/g;
  t.is(
    rates.length,
    [...stdout.matchAll(spread)].length * 3 + 1,
    'only the command has a rate without spread',
  );
  t.regex(stdout, /\nSuggested is the valley: .*\nTake it as an order of magnitude/);

  const rate = /--learning-rate (\S+)/.exec(stdout)?.[1];
  const command = `npx nerbert train --train-file train.iob2 --eval-file dev.iob2 --model ${modelFlags[1]}`;
  t.true(stdout.includes(`\n  ${command} --epochs 2 --batch-size 8 --accumulate-grad-every 1`), stdout);
  t.regex(stdout, /--weight-decay 0 --dropout 0\.1 --max-len-seq 32 --seed 7 --dtype float32\n/);
  t.deepEqual(JSON.parse(await readFile(join(cwd, 'run.json'), 'utf8')), {
    ...config,
    learningRate: Number(rate),
  });

  t.deepEqual((await readdir(join(cwd, 'out'))).sort(), ['lr_finder.json', 'lr_finder.png', 'lr_finder.svg']);
  const results = await resultsIn(cwd, 'out');
  t.is(results.runs.length, 4);
  t.true(results.runs.every(({ lr, loss }) => lr.length === 20 && loss.length === 20));
  t.is(Number(results.advice?.suggested?.median.toPrecision(2)), Number(rate));
});

test.serial('an interrupted sweep keeps what is finished and goes on as if nothing had been', async t => {
  const cwd = await corpusFolder(t);
  const seeds = ['--seeds', '1,2,3'];
  const child = start('src/cli/main.ts', [...args, ...seeds, '--output-dir', 'broken'], cwd);
  const stderr = rest(child.stderr);
  await said(child.stdout, /run 1\/6/);
  child.kill('SIGINT');
  const [code] = await Promise.all([exitCode(child), rest(child.stdout)]);
  t.is(code, 130);
  t.regex(
    await stderr,
    /\nFinished range tests: \d, in \S+\. To go on with the others:\n {2}.* lr-find .* --resume\n\nnerbert: interrupted\n$/,
  );
  const kept = (await resultsIn(cwd, 'broken')).runs.length;
  t.true(kept >= 1 && kept < 6, `${kept}`);

  const again = await runCli([...args, ...seeds, '--output-dir', 'broken'], { cwd });
  t.is(again.code, 2);
  t.regex(again.stderr, /without lr_finder\.json for --output-dir .*--resume/);

  const other = await runCli([...args, '--batch-size', '4', '--output-dir', 'broken', '--resume'], { cwd });
  t.is(other.code, 2);
  t.regex(other.stderr, /Expected 8, as in the sweep in \S+, for --batch-size but received 4/);

  const resumed = await runCli([...args, ...seeds, '--output-dir', 'broken', '--resume'], { cwd });
  t.deepEqual([resumed.code, resumed.stderr], [0, '']);
  t.true(resumed.stdout.includes(`; ${kept} are finished already.`), resumed.stdout);
  const whole = await runCli([...args, ...seeds, '--output-dir', 'whole'], { cwd });
  t.is(whole.code, 0);
  t.deepEqual(await resultsIn(cwd, 'broken'), await resultsIn(cwd, 'whole'));
});

test.serial('--json: events on standard output, the rest on standard error', async t => {
  const cwd = await corpusFolder(t);
  const flags = [...args, '--seeds', '1', '--json', '--output-dir', 'out'];
  const { code, stdout, stderr } = await runCli(flags, { cwd });
  t.is(code, 0);
  const events = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  t.is(events.filter(({ type }) => type === 'iteration').length, 40);
  t.deepEqual(
    events.filter(({ type }) => type === 'run').map(({ weightDecay }) => weightDecay),
    [0, 0.1],
  );
  const { type, command } = events.at(-1);
  t.is(type, 'end');
  t.regex(command, /^npx nerbert train .*--learning-rate/);
  t.regex(stderr, /both methods, 2 runs\)/);
});

test.serial('a sweep that cannot be is refused before it begins', async t => {
  const cwd = await corpusFolder(t);
  await writeFile(join(cwd, 'bad.json'), '[]');
  const refused = async (t: ExecutionContext, flags: string[], message: RegExp) => {
    const { code, stderr } = await runCli([...args, ...flags], { cwd });
    t.deepEqual([code, message.test(stderr)], [2, true], stderr);
  };
  await refused(t, ['--dropouts', '0.1,high'], /at least 0 and below 1 for --dropouts but received "high"/);
  await refused(t, ['--seeds', '1,1'], /different numbers for --seeds/);
  await refused(t, ['--end-lr', '1e-7'], /above --start-lr, 0\.000001, for --end-lr/);
  await refused(t, ['--num-iter', '5'], /at least 8, two more than .* for --num-iter/);
  await refused(t, ['--resume'], /--output-dir/);
  await refused(t, ['--apply', 'bad.json'], /bad\.json: Expected a JSON object/);
  await refused(t, ['--resume', '--output-dir', await temporaryFolder(t)], /lr_finder\.json: .*no such file/);
  t.false((await readdir(cwd)).includes('runs'));
});
