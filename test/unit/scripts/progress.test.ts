import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { folderSize } from '../../../scripts/libtorch/progress.mjs';
import { temporaryFolder } from './fake-libtorch.ts';

test('the size of a folder counts all files below it', t => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'a', 'b'), { recursive: true });
  writeFileSync(join(folder, 'one'), 'x'.repeat(1000));
  writeFileSync(join(folder, 'a', 'b', 'two'), 'x'.repeat(234));
  t.is(folderSize(folder), 1234);
});

/** Makes and removes folders with files, as pip does while it downloads. */
const FILLING = `
  import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
  for (let i = 0; i < 3000; i++) {
    const folder = process.argv[1] + '/pip-' + i;
    mkdirSync(folder + '/unpacked', { recursive: true });
    writeFileSync(folder + '/unpacked/wheel', '');
    rmSync(folder, { recursive: true });
  }
`;

test('a folder may be looked at while another process makes and removes folders in it', async t => {
  const folder = temporaryFolder(t);
  const child = spawn(process.execPath, ['--input-type=module', '--eval', FILLING, folder]);
  while (child.exitCode === null) {
    for (let i = 0; i < 50; i++) t.is(folderSize(folder), 0);
    await setImmediate();
  }
  t.is(child.exitCode, 0);
});
