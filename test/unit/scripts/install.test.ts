import { spawn } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { wantedVersion } from '../../../scripts/libtorch/versions.mjs';
import { projectRoot } from '../../support/shared.ts';
import { libtorchFiles, temporaryFolder, writeTree } from './fake-libtorch.ts';
import { ended, type ScriptResult } from './fetching.ts';

/** Runs the install script where PATH holds only what is given, shell scripts by name; it must fail before it builds. */
async function failedInstall(
  t: ExecutionContext,
  env: NodeJS.ProcessEnv,
  commands: Record<string, string> = {},
): Promise<ScriptResult> {
  const path = temporaryFolder(t);
  for (const [name, body] of Object.entries(commands)) {
    writeTree(path, { [name]: `#!/bin/sh\n${body}\n` });
    chmodSync(join(path, name), 0o755);
  }
  const child = spawn(process.execPath, [join(projectRoot, 'scripts', 'install.mjs'), '--force'], {
    env: {
      PATH: path,
      NERBERT_CACHE: temporaryFolder(t),
      NERBERT_LIBTORCH_URL: 'http://127.0.0.1:1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const result = await ended(child);
  t.is(result.code, 1);
  t.notRegex(result.stderr, /^\s+at /m);
  t.regex(result.stderr.trimEnd().split('\n').at(-1) ?? '', /^ {2}- /);
  return result;
}

const fakeLibtorch = (t: ExecutionContext, version: string): string =>
  writeTree(temporaryFolder(t), libtorchFiles(version));

/** A python3 that has PyTorch in a folder, and no pip. */
const pythonWith = (folder: string): string => `if [ "$1" = -c ]; then echo "${folder}"; else exit 1; fi`;

test('libtorch of NERBERT_LIBTORCH is taken first, and what the build lacks is told last', async t => {
  const root = fakeLibtorch(t, '2.13.0');
  const commands = { python3: pythonWith(fakeLibtorch(t, '2.12.0')) };
  const { stdout, stderr } = await failedInstall(t, { NERBERT_LIBTORCH: root }, commands);
  t.true(stdout.includes(`libtorch 2.13.0 from NERBERT_LIBTORCH (${root})`));
  t.regex(stderr, /CMake was not found/);
});

test('a NERBERT_LIBTORCH that cannot be used is an error, not passed over', async t => {
  const empty = temporaryFolder(t);
  const { stderr } = await failedInstall(t, { NERBERT_LIBTORCH: empty });
  t.true(stderr.includes(`there is no lib/libtorch_cpu.so in the libtorch folder ${empty}`));
  const old = await failedInstall(t, { NERBERT_LIBTORCH: fakeLibtorch(t, '2.4.0') });
  t.regex(old.stderr, /libtorch 2\.4\.0 .* is not supported: nerbert needs 2\.11 to 2\.14/);
});

test('the PyTorch of python3 comes second', async t => {
  const root = fakeLibtorch(t, '2.12.0');
  const { stdout } = await failedInstall(t, {}, { python3: pythonWith(root) });
  t.true(stdout.includes(`libtorch 2.12.0 from the PyTorch of python3 (${root})`));
});

test('a PyTorch that is too old is passed over, saying so, and the rest is tried', async t => {
  const { stdout, stderr } = await failedInstall(t, {}, { python3: pythonWith(fakeLibtorch(t, '2.4.0')) });
  t.regex(stdout, /PyTorch of python3 is passed over: libtorch 2\.4\.0/);
  t.regex(stdout, /is not in the cache/);
  t.regex(stderr, /there is no pip; .*127\.0\.0\.1:1.* cannot be reached/);
});

test('without python3 the remedies name it', async t => {
  const { stderr } = await failedInstall(t, {});
  t.regex(stderr, /there is no python3/);
  t.regex(stderr, /apt install python3 python3-pip/);
});

test('the version to fetch is the pinned one or a supported one of NERBERT_TORCH_VERSION', t => {
  t.is(wantedVersion({}), '2.13.0');
  t.is(wantedVersion({ NERBERT_TORCH_VERSION: '2.14.1' }), '2.14.1');
  for (const version of ['2.10.0', '2.15.0', '2.13', 'latest', '2.13.0+cpu'])
    t.throws(() => wantedVersion({ NERBERT_TORCH_VERSION: version }), { message: /2\.11 to 2\.14/ });
});
