import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import type { EvaluateOptions } from '../../../src/training/trainer.ts';
import type { BertTrainerOptions } from '../../../src/training/trainer-options.ts';
import { runChild } from '../../support/child.ts';
import { projectRoot } from '../../support/shared.ts';
import { sentences } from '../../support/small-training.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const SCRIPT = 'unit/training/children/print.ts';

/** What is printed where standard output is no terminal: by 2 epochs of 6 steps, then by evaluations. */
async function printed(
  trainer: Partial<BertTrainerOptions>,
  evaluations: EvaluateOptions[] = [],
): Promise<string> {
  const args = [trainer, ...evaluations].map(options => JSON.stringify(options));
  const { code, stdout, stderr } = await runChild(SCRIPT, { args });
  if (code !== 0 || stderr !== '') throw new Error(`code ${code}: ${stderr}`);
  return stdout;
}

const stepLine =
  /^epoch (\d)\/2 {2}step (\d)\/6 {2}loss \d+\.\d{4} {2}lr 1\.00e-2 {2}[\d,]+ words\/s {2}\d+:\d\d left$/;
const epochLine =
  /^epoch (\d)\/2: training loss \d\.\d{4}, validation loss \d\.\d{4}, entities P \d\.\d{4} R \d\.\d{4} F1 \d\.\d{4}, words F1 \d\.\d{4}( \(best so far\))?$/;

test('piped: a plain line every printEvery steps, a line an epoch, and what was saved', async t => {
  const outputDir = join(await temporaryFolder(t), 'run');
  const output = await printed({ progress: true, printEvery: 4, saveBest: true, outputDir });
  const lines = output.trimEnd().split('\n');
  const matches = (pattern: RegExp, last: number) =>
    lines.flatMap(line => pattern.exec(line)?.slice(1, last).join() ?? []);
  t.deepEqual(matches(stepLine, 3), ['1,4', '2,2', '2,6'], output);
  t.deepEqual(matches(epochLine, 2), ['1', '2'], output);
  const best = lines.filter(line => line.endsWith('(best so far)')).length;
  t.is(lines.filter(line => line === `  saved model and tokenizer to ${outputDir}`).length, best);
  t.is(lines.length, 5 + best, 'and nothing else');
});

test('sentences with a mistake are printed whole, as many as asked', async t => {
  const output = await printed({ printValMistakes: true, maxMistakes: 2, nEpochs: 1 });
  const tables = output.trim().split('\n\n');
  t.is(tables.length, 2, output);
  const corpus = sentences(6, 24).map(({ words, labels }) =>
    words.map((word, i) => `${word} ${labels[i]}`).join('\n'),
  );
  for (const table of tables) {
    const [header = '', ...rows] = table.split('\n').map(row => row.split(/ {2,}/));
    t.deepEqual(header, ['TOKEN', 'LABEL', 'PRED']);
    t.true(corpus.includes(rows.map(([word, label]) => `${word} ${label}`).join('\n')), table);
    t.true(
      rows.some(([, label, prediction]) => label !== prediction),
      table,
    );
  }
});

test('without progress only a verbose evaluation prints: both reports', async t => {
  const output = await printed({}, [{}, { verbose: true }, { verbose: true, epoch: 3 }]);
  const [plain = '', named] = output.split('Epoch 3\n\n');
  t.is(named, plain);
  t.regex(
    plain,
    /^Entities .*\n\n +precision +recall.*\n[\s\S]*\nWords .*\n\n +precision.*\n[\s\S]*accuracy/,
  );
});

const script = '/usr/bin/script'; // of util-linux: runs a command in a terminal of its own
const inTerminal = existsSync(script) ? test : test.skip;

inTerminal('a terminal gets a bar that leaves nothing behind', async t => {
  const node = [
    process.execPath,
    '--import=./test/support/tsx.mjs',
    join('test', SCRIPT),
    '{"progress":true}',
  ];
  const command = `stty cols 80; ${node.map(part => `'${part}'`).join(' ')}`;
  const { stdout } = await promisify(execFile)(script, ['-qec', command, '/dev/null'], { cwd: projectRoot });
  t.regex(
    stdout,
    /epoch 1\/2 =+-* \d\/6 {2}loss \d\.\d{4} {2}lr 1\.00e-2 {2}[\d,]+ words\/s {2}\d:\d\d left/,
  );
  t.regex(stdout, /evaluation 2\/2 =+ 2\/2/);
  t.false(stdout.includes('\x1b[?'), 'no mode of the terminal is switched');
  const remains = stdout.split('\r\n').map(line => line.split('\x1b[2K').at(-1) ?? ''); // after the last clearing
  t.is(remains.pop(), '');
  t.is(remains.length, 2);
  t.true(
    remains.every(line => epochLine.test(line)),
    JSON.stringify(remains),
  );
});
