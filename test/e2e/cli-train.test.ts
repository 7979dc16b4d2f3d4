import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import test from 'ava';
import { corpusFolder, iob2, modelFlags, runCli, runFlags } from '../support/cli.ts';
import { sentences } from '../support/small-training.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** What a run with a file for evaluation and one for the test writes beside its checkpoint. */
const writtenFiles = [
  'classification_report.txt',
  'error_curves.png',
  'error_curves_dark.svg',
  'history.jsonl',
  'learning_rate.png',
  'report.json',
  'run_config.json',
  'tensorboard',
  'test_report.json',
  'test_report.txt',
];

test.serial(
  'a run reads its configuration, trains, scores the test file and says what to do next',
  async t => {
    const cwd = await corpusFolder(t);
    const config = { epochs: 9, learningRate: 1e-3, accumulateGradEvery: 1, outputDir: 'my run', limit: 30 };
    await writeFile(join(cwd, 'run.json'), JSON.stringify(config));
    const args = ['train', ...runFlags, '--test-file', 'test.iob2', '--config', 'run.json', '--epochs', '2'];
    const { code, stdout, stderr } = await runCli(args, { cwd });
    t.deepEqual([code, stderr], [0, '']);
    t.regex(stdout, /^Data: train\.iob2 and dev\.iob2\nModel: /);
    t.regex(stdout, /\nsentences +30 +12 +9\n/, '--limit');
    t.regex(stdout, /\nepoch 2\/2: training loss /, 'the flag wins over the file');
    t.regex(
      stdout,
      /\nComputing on .*, in (bfloat16|float32) \(chosen by --dtype auto: the [CG]PU .*\), with/,
    );
    t.regex(stdout, /classifier/, 'the classifier is newly initialised, and that is said');
    t.regex(
      stdout,
      /\nBest epoch: \d of 2\n\nEntities[\s\S]*\nTest file: test\.iob2\n\nEntities[\s\S]*\nWords/,
    );
    t.regex(stdout, /\nThe run is in my run: model, tokenizer, reports and figures\.\n/);

    const written = await readdir(join(cwd, 'my run'));
    t.true([...writtenFiles, 'model.safetensors', 'vocab.txt'].every(name => written.includes(name)));
    const saved = JSON.parse(await readFile(join(cwd, 'my run', 'config.json'), 'utf8'));
    t.deepEqual(Object.values(saved.id2label), ['B-cell', 'B-protein', 'I-cell', 'I-protein', 'O']);
    t.deepEqual([saved.hidden_dropout_prob, saved.attention_probs_dropout_prob], [0.3, 0.3]);

    const next = /\n {2}node (\S+) 'my run' "Your sentence\."\n$/.exec(stdout);
    t.true(existsSync(resolve(cwd, next?.[1] ?? 'none')), stdout.slice(-200));

    const again = await runCli(args, { cwd });
    t.is(again.code, 2);
    t.regex(
      again.stderr,
      /a folder without a checkpoint \(config\.json\) for --output-dir .*"my run".*--overwrite/,
    );
  },
);

test.serial('run_config.json holds what a run was made of, and --config makes it again', async t => {
  const cwd = await corpusFolder(t);
  const given = [
    '--epochs',
    '2',
    '--freeze-layers',
    '1',
    '--warmup-steps',
    '1',
    '--dropout',
    '0.1',
    '--no-figures',
  ];
  await runCli(['train', ...runFlags, ...given, '--output-dir', 'first'], { cwd });
  const config = JSON.parse(await readFile(join(cwd, 'first', 'run_config.json'), 'utf8'));
  t.like(config.options, {
    trainFile: 'train.iob2',
    maxLenSeq: 32,
    epochs: 2,
    batchSize: 8,
    optimizer: 'adam',
    warmupSteps: 1,
    freezeEmbeddings: true,
    figures: false,
    seed: 42,
  });
  t.deepEqual(Object.keys(config.versions), ['nerbert', 'node', 'libtorch', 'addon']);
  t.is(config.files.trainFile, join(cwd, 'train.iob2'));
  t.is(config.versions.node, process.versions.node);
  t.regex(config.machine.dtype, /^(float32|bfloat16)$/);

  const again = await runCli(['train', '--config', 'first/run_config.json', '--output-dir', 'second'], {
    cwd,
  });
  t.deepEqual([again.code, again.stderr], [0, '']);
  const [first = '', second = ''] = await Promise.all(
    ['first', 'second'].map(dir => readFile(join(cwd, dir, 'history.jsonl'), 'utf8')),
  );
  t.true(first.includes('"step":4'));
  t.is(second, first);
  t.false((await readdir(join(cwd, 'second'))).includes('error_curves.png'));
});

test.serial('each record can be left out', async t => {
  const cwd = await corpusFolder(t);
  const off = ['--no-report', '--no-history', '--no-tensorboard', '--no-figures'];
  const args = ['train', ...runFlags, '--test-file', 'test.iob2', '--epochs', '1', '--output-dir', 'run'];
  const { code, stdout } = await runCli([...args, ...off], { cwd });
  t.is(code, 0);
  t.regex(stdout, /\nThe run is in run: model and tokenizer\.\n\nNext/);
  const written = await readdir(join(cwd, 'run'));
  t.deepEqual(
    written.filter(name => writtenFiles.includes(name)),
    ['run_config.json'],
  );
});

test.serial('--overwrite replaces a checkpoint; without --eval-file there are no scores', async t => {
  const cwd = await corpusFolder(t);
  await mkdir(join(cwd, 'run'));
  await writeFile(join(cwd, 'run', 'config.json'), '{}');
  const args = ['train', '--train-file', 'train.iob2', ...modelFlags, '--epochs', '1'];
  const { code, stdout } = await runCli([...args, '--output-dir', 'run', '--overwrite'], { cwd });
  t.is(code, 0);
  t.regex(stdout, /\nThe run is in run: model, tokenizer, reports and figures\.\n/);
  t.is(JSON.parse(await readFile(join(cwd, 'run', 'config.json'), 'utf8')).model_type, 'bert');
});

test.serial('--json: every line on standard output is an event, the rest goes to standard error', async t => {
  const cwd = await corpusFolder(t);
  const flags = [
    '--json',
    '--print-val-mistakes',
    '--max-mistakes',
    '3',
    '--epochs',
    '2',
    '--output-dir',
    'run',
  ];
  const { code, stdout, stderr } = await runCli(
    ['train', ...runFlags, '--test-file', 'test.iob2', ...flags],
    {
      cwd,
    },
  );
  t.is(code, 0);
  const events = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
  const count = (type: string) => events.filter(event => event.type === type).length;
  t.is(events[0].type, 'plan');
  t.like(events[0].plan, { epochs: 2, steps: 4, training: { sentences: 40 }, evaluation: { sentences: 12 } });
  t.deepEqual(events[1], { type: 'start', epochs: 2, stepsPerEpoch: 2 });
  t.deepEqual(
    [count('step'), count('evaluation'), count('mistake'), count('end'), count('test')],
    [4, 2, 6, 1, 1],
  );
  t.is(events.find(event => event.type === 'test').evaluation.sentences, 9);
  t.regex(stderr, /^Data: [\s\S]*Best epoch: [\s\S]*Test file: [\s\S]*The run is in run/);
});

for (const names of [
  ['Genia4ERtask1.iob2', 'Genia4EReval1.iob2'],
  ['train.iob2', 'test.iob2'],
]) {
  test.serial(`a corpus in ./data/JNLPBA is found: ${names.join(', ')}`, async t => {
    const cwd = await temporaryFolder(t);
    await mkdir(join(cwd, 'data', 'JNLPBA'), { recursive: true });
    for (const name of names) await writeFile(join(cwd, 'data', 'JNLPBA', name), iob2(sentences(4)));
    const args = ['train', ...modelFlags, '--epochs', '1', '--device', 'cpu'];
    const { code, stdout } = await runCli(args, { cwd });
    t.is(code, 0);
    t.true(stdout.startsWith(`Data: data/JNLPBA/${names[0]} and data/JNLPBA/${names[1]}\n`), stdout);
    const [run] = await readdir(join(cwd, 'runs'));
    t.regex(run ?? '', /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d$/);
    t.true(existsSync(join(cwd, 'runs', run ?? '', 'model.safetensors')));
  });
}

test.serial('without data the built-in demo runs, and says where real data goes', async t => {
  const cwd = await temporaryFolder(t);
  const { code, stdout } = await runCli(['train', '--epochs', '1', '--limit', '100'], { cwd });
  t.is(code, 0);
  t.regex(
    stdout,
    /^This is the built-in demo, [\s\S]*synthetic sentences[\s\S]*put the corpus JNLPBA into \.\/data\/JNLPBA/,
  );
  t.regex(stdout, /\nsentences +100 +100\n/);
  t.regex(stdout, /\n {2}npx nerbert train --train-file \S+ --eval-file \S+ --model \S+\n$/);
  const [introduction = ''] = stdout.split('\n\n');
  t.true(introduction.split('\n').every(line => line.length <= 100));
  const tooLong = await runCli(['train', '--max-len-seq', '4096'], { cwd });
  t.is(tooLong.code, 2);
  t.regex(tooLong.stderr, /at most \d+, the model's positions, for --max-len-seq but received 4096/);
});

test.serial('a vocabulary that does not fit the data is told before training', async t => {
  const cwd = await temporaryFolder(t);
  const lowered = sentences(40).map(({ words, labels }) => ({
    words: words.map(word => word.toLowerCase()),
    labels,
  }));
  await writeFile(join(cwd, 'train.iob2'), iob2(lowered));
  const args = ['train', '--train-file', 'train.iob2', ...modelFlags, '--epochs', '1'];
  const { code, stdout } = await runCli(args, { cwd });
  t.is(code, 0);
  t.regex(stdout, /\nWarning: the data seem to be lower-cased .* uncased model\n[\s\S]*\nepoch 1\/1/);
});
