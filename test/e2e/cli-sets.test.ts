import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { corpusFolder, exitCode, rest, runCli, runFlags, said, start } from '../support/cli.ts';

const quick = ['train', ...runFlags, '--epochs', '1', '--no-figures', '--no-tensorboard'];

const lines = (text: string) => text.split('\n').map(line => line.split(/ {2,}/));

test.serial('--seeds: a run for each seed, their scores with mean and deviation', async t => {
  const cwd = await corpusFolder(t);
  const args = [...quick, '--test-file', 'test.iob2', '--seeds', '1,2', '--output-dir', 'out'];
  const { code, stdout, stderr } = await runCli(args, { cwd });
  t.deepEqual([code, stderr], [0, '']);
  t.regex(stdout, /^2 runs, one after another, below out\.\n\nRun 1 of 2: seed 1\n\nData: /);
  const table = lines(stdout).filter(([first = '']) => /^(seed|1|2|mean|std)$/.test(first));
  t.deepEqual(
    table.map(([first]) => first),
    ['seed', '1', '2', 'mean', 'std'],
  );
  t.true(table[0]?.includes('test F1'));

  const saved = JSON.parse(await readFile(join(cwd, 'out', 'seeds.json'), 'utf8'));
  const [trial] = saved.trials;
  t.deepEqual(
    trial.runs.map(({ seed, dir }: { seed: number; dir: string }) => [seed, dir]),
    [
      [1, 'out/seed-1'],
      [2, 'out/seed-2'],
    ],
  );
  const losses: number[] = trial.runs.map(({ scores }: { scores: { loss: number } }) => scores.loss);
  const [first = 0, second = 0] = losses;
  t.not(first, second, 'other seeds, other classifiers');
  t.true(Math.abs(trial.mean.loss - (first + second) / 2) < 1e-12);
  t.true(Math.abs(trial.std.loss - Math.abs(first - second) / Math.SQRT2) < 1e-12);
  t.true((await readdir(join(cwd, 'out', 'seed-2'))).includes('model.safetensors'));
});

test.serial(
  '--grid: finished runs stay, others are made, a run that diverges is told, the best comes first',
  async t => {
    const cwd = await corpusFolder(t);
    await writeFile(join(cwd, 'grid.json'), '{"learningRate": [0, 1e30, 0.01]}');
    const learning = ['--epochs', '8', '--accumulate-grad-every', '1', '--dropout', '0'];
    const args = [...quick, '--clipping', '1', '--grid', 'grid.json', '--output-dir', 'out'];
    const first = await runCli([...args, ...learning], { cwd });
    t.is(first.code, 0, first.stderr);
    t.regex(first.stdout, /This run failed: Expected a finite loss/);
    t.regex(
      first.stdout,
      /\nconfiguration +epoch .*\nlearning-rate=0\.01 .*\nlearning-rate=0 .*\nlearning-rate=1e\+30: /,
    );
    const command = /The best again:\n {2}npx nerbert (.*)\n/.exec(first.stdout)?.[1] ?? '';
    t.regex(command, /^train .*--epochs 8 .*--learning-rate 0\.01 .*--clipping 1/);
    t.notRegex(command, /--grid|--output-dir/);
    const again = await runCli([...command.split(' '), '--output-dir', 'again'], { cwd });
    t.is(again.code, 0, again.stderr);
    const reports = ['out/learning-rate=0.01', 'again'].map(dir =>
      readFile(join(cwd, dir, 'report.json'), 'utf8'),
    );
    const [inGrid, alone] = await Promise.all(reports);
    t.is(inGrid, alone, 'the command makes the same run');

    await rm(join(cwd, 'out', 'learning-rate=0', 'result.json'));
    const second = await runCli([...args, ...learning], { cwd });
    t.is(second.code, 0);
    t.deepEqual(second.stdout.match(/^Run .*$/gm), ['Run 1 of 3: learning-rate=0']);
    const table = (text: string) => text.slice(text.indexOf('\nconfiguration'));
    t.is(table(second.stdout), table(first.stdout));

    const other = await runCli([...args, ...learning, '--epochs', '5'], { cwd });
    t.is(other.code, 2);
    t.regex(
      other.stderr,
      /finished runs have the same options \(epochs was 8, is 5\) for --output-dir .*--overwrite/,
    );
  },
);

test.serial('Ctrl-C ends the whole grid, and the command that is printed makes the rest', async t => {
  const cwd = await corpusFolder(t);
  await writeFile(join(cwd, 'grid.json'), '{"epochs": [1, 100000]}');
  const args = [
    'train',
    ...runFlags,
    '--no-figures',
    '--print-every',
    '1',
    '--seeds',
    '1,2',
    '--grid',
    'grid.json',
  ];
  const child = start('src/cli/main.ts', [...args, '--output-dir', 'out'], cwd);
  await said(child.stdout, /Run 3 of 4[\s\S]*step 2\/2/);
  const [stdout, stderr] = [rest(child.stdout), rest(child.stderr)];
  child.kill('SIGINT');
  t.is(await exitCode(child), 130);
  t.regex(
    await stderr,
    /\nFinished runs are kept\. To make the others:\n {2}npx nerbert train .*--seeds 1,2 --grid grid\.json.*\n\nnerbert: interrupted\n$/,
  );
  t.notRegex(await stdout, /Run 4 of 4/);
  const folders = ['epochs=1/seed-1', 'epochs=1/seed-2', 'epochs=100000/seed-1'];
  const finished = folders.map(async dir => (await readdir(join(cwd, 'out', dir))).includes('result.json'));
  t.deepEqual(await Promise.all(finished), [true, true, false]);
});

test.serial(
  'runs that nothing compares, and folders of something else, are refused before any run',
  async t => {
    const cwd = await corpusFolder(t);
    const blind = await runCli(
      ['train', ...runFlags.filter(flag => !/eval|dev/.test(flag)), '--seeds', '1,2'],
      { cwd },
    );
    t.is(blind.code, 2);
    t.regex(blind.stderr, /a file to score on, which --seeds and --grid compare runs by, for --eval-file/);
    t.is((await runCli([...quick, '--output-dir', 'out/seed-2'], { cwd })).code, 0);
    const taken = await runCli([...quick, '--seeds', '1,2', '--output-dir', 'out'], { cwd });
    t.is(taken.code, 2);
    t.regex(
      taken.stderr,
      /a folder without a checkpoint that is none of these runs for --output-dir .*"out\/seed-2"/,
    );
    t.notRegex(taken.stdout, /Run 1/);
  },
);
