// @ts-check
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageRoot } from './addon/release.mjs';
import { InstallError, runScript } from './failure.mjs';

// Compiles src/ to dist/. An installed package has no src/, and its dist/ is complete.
await runScript(() => {
  if (!existsSync(join(packageRoot, 'src'))) return;
  const dist = join(packageRoot, 'dist');
  rmSync(dist, { recursive: true, force: true });
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
  const result = spawnSync(process.execPath, [tsc, '--project', join(packageRoot, 'tsconfig.json')], {
    stdio: 'inherit',
  });
  if (result.status !== 0)
    throw new InstallError('compiling the TypeScript failed (the messages of tsc are above)', [
      'run `npm ci` and try again',
    ]);
  const command = join(dist, 'cli', 'main.js');
  if (existsSync(command)) chmodSync(command, 0o755);
});
