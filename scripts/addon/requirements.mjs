// @ts-check
import { spawnSync } from 'node:child_process';
import { InstallError } from '../failure.mjs';

const OLDEST_GLIBC = '2.28';
const OLDEST_CMAKE = '3.18';

/** What C++20 gives and older compilers lack; headers of libtorch use the same. */
const CPP20_PROBE = `
#include <concepts>
#include <span>
#include <source_location>
#include <version>
template <std::integral T> constexpr T twice(T x) { return x + x; }
int main() { int values[] = {1, 2}; std::span<int> view(values); return twice(static_cast<int>(view.size())) - 4; }
`;

/**
 * @typedef {object} Machine what decides whether libtorch runs here
 * @property {string} platform
 * @property {string} arch
 * @property {string | undefined} glibc version of the running GNU C library; undefined with another one (musl)
 */

/** @returns {Machine} */
export function thisMachine() {
  const report = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (process.report?.getReport());
  return { platform: process.platform, arch: process.arch, glibc: report.header?.glibcVersionRuntime };
}

/** @param {Machine} machine */
export function checkMachine({ platform, arch, glibc }) {
  if (platform !== 'linux' || !['x64', 'arm64'].includes(arch))
    throw new InstallError(`${platform} on ${arch} is not supported: nerbert runs on Linux, x64 or arm64`, [
      'use a Linux machine, a container or, on Windows, WSL 2',
    ]);
  if (glibc === undefined)
    throw new InstallError(
      'this system has no GNU C library (it is probably musl, as on Alpine Linux), and libtorch is built for the GNU one',
      [
        'use a Linux distribution with glibc, such as Debian or Ubuntu: `node:22-bookworm` instead of `node:22-alpine`',
      ],
    );
  if (older(glibc, OLDEST_GLIBC))
    throw new InstallError(`glibc ${glibc} is too old: libtorch needs ${OLDEST_GLIBC} or later`, [
      'use a newer distribution: Debian 10, Ubuntu 20.04, RHEL 8 or later',
    ]);
}

/**
 * Checks that CMake and a C++20 compiler are there.
 * @param {NodeJS.ProcessEnv} env
 */
export function checkBuildTools(env) {
  checkCMake(env);
  checkGenerator(env);
  checkCompiler(env);
}

/** @param {NodeJS.ProcessEnv} env */
function checkCMake(env) {
  const remedies = [
    'install CMake: `apt install cmake`, `dnf install cmake` or `python3 -m pip install cmake`',
    'see https://cmake.org/download/ for other ways',
  ];
  const version = /cmake version ([\d.]+)/.exec(output('cmake', ['--version'], env) ?? '')?.[1];
  if (version === undefined) throw new InstallError('CMake was not found (no `cmake` in PATH)', remedies);
  if (older(version, OLDEST_CMAKE))
    throw new InstallError(`CMake ${version} is too old: nerbert needs ${OLDEST_CMAKE} or later`, remedies);
}

/** @param {NodeJS.ProcessEnv} env */
function checkGenerator(env) {
  if (output('ninja', ['--version'], env) ?? output('make', ['--version'], env)) return;
  throw new InstallError('neither Ninja nor Make was found (no `ninja`, no `make` in PATH)', [
    'install one: `apt install make`, `dnf install make` or `python3 -m pip install ninja`',
  ]);
}

/** @param {NodeJS.ProcessEnv} env */
function checkCompiler(env) {
  const remedies = [
    'install a compiler with C++20, GCC 11 or later or Clang 14 or later: `apt install g++`, `dnf install gcc-c++`',
    'if one is installed under another name, set CXX to it, such as CXX=g++-12',
  ];
  // CXX may name a launcher before the compiler, such as `ccache g++`.
  const candidates = env.CXX ? [env.CXX.split(' ').at(-1) ?? ''] : ['c++', 'g++', 'clang++'];
  const compiler = candidates.find(name => output(name, ['--version'], env) !== undefined);
  if (compiler === undefined)
    throw new InstallError(`a C++ compiler was not found (no ${candidates.join(', ')} in PATH)`, remedies);
  const probe = spawnSync(compiler, ['-std=c++20', '-fsyntax-only', '-x', 'c++', '-'], {
    input: CPP20_PROBE,
    env,
    encoding: 'utf8',
  });
  if (probe.status !== 0) {
    const version =
      output(compiler, ['-dumpfullversion', '-dumpversion'], env)?.trim() ?? 'of unknown version';
    throw new InstallError(
      `the C++ compiler ${compiler} ${version} is too old for C++20:\n${firstError(probe.stderr)}`,
      remedies,
    );
  }
}

/** @param {string} stderr */
const firstError = stderr => stderr.split('\n').find(line => line.includes('error')) ?? stderr.trim();

/**
 * What a command prints, or undefined if it cannot be run or fails.
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
export function output(command, args, env) {
  const result = spawnSync(command, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return result.status === 0 ? result.stdout : undefined;
}

/**
 * Whether version a comes before version b.
 * @param {string} a
 * @param {string} b
 */
export function older(a, b) {
  const [left, right] = [a, b].map(version => version.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
