import { existsSync } from 'node:fs';
import test from 'ava';
import { corpusFolder, exitCode, rest, runCli, runFlags, said, start } from '../support/cli.ts';

const endless = ['train', ...runFlags, '--epochs', '100000', '--print-every', '1'];

for (const [signal, code, message] of [
  ['SIGINT', 130, 'interrupted'],
  ['SIGTERM', 143, 'terminated'],
] as const) {
  test.serial(`${signal} ends a run after the current step with exit code ${code}`, async t => {
    const cwd = await corpusFolder(t);
    const child = start('src/cli/main.ts', endless, cwd);
    await said(child.stdout, /step 2\/2/);
    const [stdout, stderr] = [rest(child.stdout), rest(child.stderr)];
    child.kill(signal);
    t.is(await exitCode(child), code);
    const advice =
      'The run is saved up to step \\d+\\. To go on with it:\\n  (node \\S+|npx nerbert) train .* --resume';
    t.regex(
      await stderr,
      new RegExp(
        `^\nnerbert: stopping after the current step; once more to stop at once\n\n${advice}\n\nnerbert: ${message}\n$`,
      ),
    );
    t.regex(await stdout, /(^|\n)$/, 'lines are whole');
  });
}

test.serial('a reader that goes away ends the run without a word', async t => {
  const cwd = await corpusFolder(t);
  const child = start('src/cli/main.ts', endless, cwd);
  const stderr = rest(child.stderr);
  await said(child.stdout, /step 1\/2/);
  child.stdout.destroy();
  t.is(await exitCode(child), 0);
  t.is(await stderr, '');
});

test.serial('a folder that cannot be written to is refused before training', async t => {
  const cwd = await corpusFolder(t);
  const { code, stdout, stderr } = await runCli(['train', ...runFlags, '--output-dir', 'train.iob2/run'], {
    cwd,
  });
  t.is(code, 1);
  t.regex(stderr, /^nerbert: Could not write to the folder train\.iob2\/run: a part of the path is a file/);
  t.notRegex(stdout, /epoch 1/);
});

const onFullDevice = existsSync('/dev/full') ? test.serial : test.skip;

onFullDevice('output that cannot be written is a failure with its reason', async t => {
  const cwd = await corpusFolder(t);
  const child = start('src/cli/main.ts', endless, cwd, '>/dev/full');
  t.regex(await rest(child.stderr), /^nerbert: the output cannot be written: .*ENOSPC/);
  t.is(await exitCode(child), 1);
});
