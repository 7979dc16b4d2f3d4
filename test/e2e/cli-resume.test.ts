import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { corpusFolder, exitCode, rest, runCli, runFlags, said, start } from '../support/cli.ts';

const run = ['train', ...runFlags, '--epochs', '3', '--accumulate-grad-every', '1', '--save-every', '2'];

const weights = (cwd: string, folder: string): Promise<Buffer> =>
  readFile(join(cwd, folder, 'model.safetensors'));

test.serial(
  'an interrupted run says how to go on, and then ends as if it had not been interrupted',
  async t => {
    const cwd = await corpusFolder(t);
    const flags = [...run, '--print-every', '1'];
    t.is((await runCli([...flags, '--output-dir', 'whole'], { cwd })).code, 0);

    const child = start('src/cli/main.ts', [...flags, '--output-dir', 'my run'], cwd);
    await said(child.stdout, /epoch 2\/3 {2}step 2\/5/);
    const stderr = rest(child.stderr);
    child.kill('SIGINT');
    t.is(await exitCode(child), 130);
    const [, command = ''] =
      /To go on with it:\n {2}(?:node \S+|npx nerbert) (.*)\n/.exec(await stderr) ?? [];
    t.regex(command, / --output-dir 'my run' --resume$/);

    const words = command.replaceAll("'my run'", 'my*run').split(' ');
    const resume = words.map(word => word.replace('*', ' '));
    const refused = await runCli([...resume, '--batch-size', '4'], { cwd });
    t.is(refused.code, 2);
    t.regex(
      refused.stderr,
      /^nerbert: Expected 8, as in the run that is resumed, for dataloaderTrain\.batchSize but received 4\. Also different: scheduler\. Resume with the same options/,
    );
    const anew = await runCli(resume.slice(0, -1), { cwd });
    t.is(anew.code, 2);
    t.regex(
      anew.stderr,
      /for --output-dir but received "my run"\. Give --resume to go on with it after step \d+/,
    );

    const { code, stdout } = await runCli([...resume, '--print-every', '3'], { cwd });
    t.is(code, 0);
    t.regex(stdout, /^Resuming after step \d+, in epoch 2\.$/m);
    t.notRegex(stdout, /epoch 1\/3/);
    t.deepEqual(await weights(cwd, 'my run'), await weights(cwd, 'whole'));
    const report = (folder: string) => readFile(join(cwd, folder, 'classification_report.txt'), 'utf8');
    t.is(await report('my run'), await report('whole'));

    const again = await runCli(resume, { cwd });
    t.is(again.code, 0);
    t.regex(again.stdout, /^This run had ended, after step 15: there is nothing left to train\.$/m);
    t.regex(again.stdout, /^Best epoch: \d of 3$/m);
  },
);

test.serial('a folder without a run to resume is named, and not made', async t => {
  const cwd = await corpusFolder(t);
  const { code, stderr } = await runCli([...run, '--resume', '--output-dir', 'none'], { cwd });
  t.is(code, 2);
  t.regex(stderr, /the folder of a run that saved resume states for --output-dir but received "none"/);
  t.false(existsSync(join(cwd, 'none')));
});

test.serial('--eval-every-steps, --metric and --patience end a run that gains nothing more', async t => {
  const cwd = await corpusFolder(t);
  const flags = ['--eval-every-steps', '2', '--metric', 'loss', '--patience', '2', '--learning-rate', '1e-9'];
  const { code, stdout } = await runCli([...run, ...flags, '--min-gain', '0.5', '--output-dir', 'run'], {
    cwd,
  });
  t.is(code, 0);
  t.regex(stdout, /^epoch 1\/3, step 2: training loss /m);
  t.regex(stdout, /^Stopped early after step 6, in epoch 2: no more gain\.$/m);
  t.regex(
    await readFile(join(cwd, 'run', 'classification_report.txt'), 'utf8'),
    /^Best epoch: \d of 3, by validation loss$/m,
  );
});
