import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { projectRoot } from '../../support/shared.ts';
import { temporaryFolder } from './fake-libtorch.ts';

const staging = pathToFileURL(join(projectRoot, 'scripts/libtorch/staging.mjs')).href;

/** Is interrupted while many files are being opened in the staging folder, so that some appear while it is removed. */
const INTERRUPTED = `
  import { writeFile } from 'node:fs';
  import { withStaging } from '${staging}';
  await withStaging(process.argv[1], async folder => {
    for (let i = 0; i < 700; i++) writeFile(folder + '/' + i, '', () => {});
    process.kill(process.pid, 'SIGTERM');
    await new Promise(() => setInterval(() => {}, 1000));
  });
`;

test('the staging folder is removed, whatever is being written into it when the process is interrupted', t => {
  const cache = temporaryFolder(t);
  const args = ['--input-type=module', '--eval', INTERRUPTED, cache];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  t.is(stderr, '');
  t.is(status, 1);
  t.deepEqual(readdirSync(cache), []);
});
