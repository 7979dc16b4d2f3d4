import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { modelFlags, runCli } from '../support/cli.ts';
import { projectRoot } from '../support/shared.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test.serial('--version is the package’s, --help shows the commands', async t => {
  const version = await runCli(['--version']);
  const { version: expected } = JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8'));
  t.deepEqual([version.code, version.stdout, version.stderr], [0, `${expected}\n`, '']);
  const help = await runCli(['train', '--help']);
  t.is(help.code, 0);
  t.regex(help.stdout, /^Usage: nerbert train \[options\]/);
  t.regex(help.stdout, /--learning-rate <RATE> .*\(default: 0\.00005\)/);
});

const wrong: [what: string, args: string[], message: RegExp][] = [
  ['an unknown flag', ['train', '--epoch', '3'], /unknown option '--epoch'[\s\S]*--epochs[\s\S]*--help/],
  ['an unknown command', ['tain'], /unknown command 'tain'[\s\S]*--help/],
  ['no command', [], /Usage: nerbert/],
  [
    'a bad value',
    ['train', '--epochs', '0'],
    /^nerbert: Expected an integer of at least 1 for --epochs but received 0\n$/,
  ],
  [
    'an evaluation file alone',
    ['train', '--eval-file', 'x'],
    /a file to learn from beside --eval-file for --train-file/,
  ],
  [
    'a model alone',
    ['train', '--model', 'x'],
    /beside --model for --train-file .* no corpus in \.\/data\/JNLPBA/,
  ],
  [
    'a file that is missing',
    ['train', '--train-file', 'none.iob2', ...modelFlags],
    /^nerbert: none\.iob2: .*there is none at/,
  ],
  [
    'a file that is missing, before the default model is fetched',
    ['train', '--train-file', 'none.iob2'],
    /^nerbert: none\.iob2: .*there is none at/,
  ],
  [
    'a revision that would lead elsewhere',
    ['train', '--train-file', 'none.iob2', '--revision', '../x'],
    /the name of a branch, of a tag or of a commit for --revision/,
  ],
];

for (const [what, args, message] of wrong) {
  test.serial(`wrong usage: ${what}`, async t => {
    const { code, stderr } = await runCli(args, { cwd: await temporaryFolder(t) });
    t.is(code, 2);
    t.regex(stderr, message);
    t.notRegex(stderr, /\n +at /, 'no stack');
  });
}
