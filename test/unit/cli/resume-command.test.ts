import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Interruption } from '../../../src/cli/interruption.ts';
import { resumeAdvice, resumeCommand } from '../../../src/cli/resume-command.ts';
import { NativeError, NerbertError, OptionError } from '../../../src/errors.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('the command to resume is the one that began, with its folder, as its user would call it', t => {
  const argv = [
    '/usr/bin/node',
    '/x/dist/cli/main.js',
    'train',
    '--train-file',
    'my data.iob2',
    '--overwrite',
  ];
  const flags = "--train-file 'my data.iob2' --output-dir runs/a --resume";
  t.is(resumeCommand(argv, {}, 'runs/a'), `node /x/dist/cli/main.js train ${flags}`);
  t.is(resumeCommand(argv, { npm_lifecycle_event: 'train' }, 'runs/a'), `npm run train -- ${flags}`);
  t.is(resumeCommand(argv, { npm_command: 'exec' }, 'runs/a'), `npx nerbert train ${flags}`);
  t.is(
    resumeCommand(['node', '/usr/bin/nerbert', 'train'], {}, 'b'),
    'nerbert train --output-dir b --resume',
  );
});

test('a folder that was given is not given twice, and a resumed run is resumed the same way', t => {
  const resumed = ['node', 'nerbert', 'train', '--output-dir', 'a', '--resume'];
  t.is(resumeCommand(resumed, {}, 'a'), 'nerbert train --output-dir a --resume');
  t.is(
    resumeCommand(['node', 'nerbert', 'train', '--output-dir=a'], {}, 'a'),
    'nerbert train --output-dir=a --resume',
  );
});

test('there is advice where there is a state, and where going on can help', async t => {
  const folder = await temporaryFolder(t);
  t.is(await resumeAdvice(new Interruption('SIGINT'), folder), undefined);
  await mkdir(join(folder, 'resume', 'step-000012'), { recursive: true });
  await mkdir(join(folder, 'resume', 'step-000003'));
  for (const error of [
    new Interruption('SIGTERM'),
    new NerbertError('ERR_IO', 'full'),
    new NativeError('ERR_OUT_OF_MEMORY', 'more'),
  ]) {
    t.regex(
      (await resumeAdvice(error, folder)) ?? '',
      /^The run is saved up to step 12\. .*:\n {2}\S.* --resume$/,
    );
  }
  for (const error of [
    new OptionError('batchSize', '8', 4),
    new NerbertError('ERR_DIVERGED', 'NaN'),
    new Error('a fault'),
  ]) {
    t.is(await resumeAdvice(error, folder), undefined);
  }
});
