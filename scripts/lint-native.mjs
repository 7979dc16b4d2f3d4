// @ts-check
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageRoot } from './addon/release.mjs';

// Names the C++ sources that clang-format would change, or with --fix changes them.
const files = readdirSync(join(packageRoot, 'native'), { recursive: true, encoding: 'utf8' })
  .filter(name => /\.(h|cpp|cc)$/.test(name))
  .map(name => join('native', name));
const clangFormat = join(
  dirname(createRequire(import.meta.url).resolve('clang-format/package.json')),
  'index.js',
);

/** @param {string[]} mode */
const run = mode =>
  spawnSync(process.execPath, [clangFormat, ...mode, ...files], { cwd: packageRoot, encoding: 'utf8' });

const result = process.argv.includes('--fix') ? run(['-i']) : run(['--dry-run']);
const unformatted = new Set([...result.stderr.matchAll(/^(\S+?):\d+:\d+: warning/gm)].map(match => match[1]));
for (const file of unformatted) console.error(`${file}: not formatted (npm run format)`);
if (result.status !== 0) console.error(result.stderr);
process.exitCode = unformatted.size > 0 ? 1 : (result.status ?? 1);
