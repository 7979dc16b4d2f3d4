// @ts-check
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { InstallError } from '../failure.mjs';
import { releaseFolder } from './release.mjs';

/** Loads the addon as src/engine/native.ts does, in a process of its own: a library may crash while it is loaded. */
const PROGRAM = `
const [release, gomp, ...libraries] = process.argv.slice(1);
const loader = require(release + '/nerbert_loader.node');
for (const library of [gomp, ...libraries]) loader.open(library);
require(release + '/nerbert.node');
`;

/** @param {import('../libtorch/inspect.mjs').Libtorch} libtorch */
export function verifyAddon(libtorch) {
  const libraries = ['libc10.so', 'libtorch_cpu.so'].map(name => join(libtorch.root, 'lib', name));
  const result = spawnSync(process.execPath, ['-e', PROGRAM, releaseFolder, libtorch.gomp, ...libraries], {
    encoding: 'utf8',
  });
  if (result.status === 0) return;
  const reason =
    /^(?:Error: )(.*)$/m.exec(result.stderr)?.[1] ?? (result.stderr.trim() || `signal ${result.signal}`);
  throw new InstallError(`the addon was built but cannot be loaded: ${reason}`, [
    'if a library is missing, reinstall the libtorch or PyTorch that was used (it is named above), or unset NERBERT_LIBTORCH to have it fetched',
    'run `npm run build:native` again',
  ]);
}
