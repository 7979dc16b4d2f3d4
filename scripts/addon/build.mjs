// @ts-check
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, freemem } from 'node:os';
import { dirname, join } from 'node:path';
import { codeOf, InstallError, say } from '../failure.mjs';
import { ADDON, hashSources, installAddons, LOADER, packageRoot } from './release.mjs';
import { checkBuildTools } from './requirements.mjs';

/** Memory that compiling one file of ATen takes, bytes. */
const MEMORY_PER_COMPILER = 1.5 * 2 ** 30;

/**
 * Compiles both addons through cmake-js in native-build/ (build/ belongs to node-gyp, which empties it) and puts them in
 * build/Release/.
 * @param {import('../libtorch/inspect.mjs').Libtorch} libtorch
 */
export function buildAddon(libtorch) {
  checkBuildTools(process.env);
  const out = join(packageRoot, 'native-build');
  forgetMovedBuild(out);
  const jobs = Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / MEMORY_PER_COMPILER)));
  say(`compiling the addon against libtorch ${libtorch.build} (${jobs} at a time)`);
  // cmake-js itself looks for g++ and clang++ only.
  const compiler = process.env.CXX && !process.env.CXX.includes(' ') ? process.env.CXX : undefined;
  const args = [
    ...(compiler ? ['--cxx', compiler, '--cc', compiler] : []),
    '--out',
    out,
    '--log-level',
    'warn',
    '--parallel',
    String(jobs),
    `--CDNERBERT_LIBTORCH=${libtorch.root}`,
    `--CDNERBERT_LIBTORCH_VERSION=${libtorch.version}`,
    `--CDNERBERT_LIBGOMP=${libtorch.gomp}`,
    `--CDNERBERT_SOURCES=${hashSources()}`,
  ];
  runCMakeJs('configure', args);
  runCMakeJs('build', args);
  installAddons(join(out, 'Release', ADDON), join(out, 'Release', LOADER));
  // In a clone they make the next build short; in an installed package (which has no src/) nobody builds again.
  if (!existsSync(join(packageRoot, 'src'))) rmSync(out, { recursive: true });
}

/**
 * CMake refuses a build folder that was configured at another place.
 * @param {string} out
 */
function forgetMovedBuild(out) {
  let cache;
  try {
    cache = readFileSync(join(out, 'CMakeCache.txt'), 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const home = /^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m.exec(cache)?.[1];
  if (home !== packageRoot) rmSync(out, { recursive: true });
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function runCMakeJs(command, args) {
  const cmakeJs = join(
    dirname(createRequire(import.meta.url).resolve('cmake-js/package.json')),
    'bin',
    'cmake-js',
  );
  const result = spawnSync(process.execPath, [cmakeJs, command, '--directory', packageRoot, ...args], {
    stdio: 'inherit',
  });
  if (result.status !== 0)
    throw new InstallError(`compiling the addon failed (cmake-js ${command}; its messages are above)`, [
      'if the compiler was killed, memory ran out: close other programs or add swap, and run `npm run build:native` again',
      'if the disk is full, free some space and run `npm run build:native` again',
      'delete native-build/ and run `npm run build:native` again',
    ]);
}
