// @ts-check
import { spawnSync } from 'node:child_process';
import { codeOf } from '../failure.mjs';

/**
 * Runs a program text in python3 and returns what it prints, or undefined without python3 or if it fails.
 * @param {string} program
 * @param {string[]} [args]
 */
export function python(program, args = []) {
  const result = spawnSync('python3', ['-c', program, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** @returns {'ok' | 'no python3' | 'no pip'} */
export function pipState() {
  const result = spawnSync('python3', ['-m', 'pip', '--version'], { stdio: 'ignore' });
  if (result.error && codeOf(result.error) === 'ENOENT') return 'no python3';
  return result.status === 0 ? 'ok' : 'no pip';
}

/** The folder of the torch package that python3 would import; it is not imported, which takes seconds. */
export function installedTorch() {
  const folder = python(
    "import importlib.util as u; s = u.find_spec('torch'); print(list(s.submodule_search_locations)[0] if s else '')",
  );
  return folder || undefined;
}
