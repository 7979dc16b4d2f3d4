// @ts-check
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @typedef {import('../libtorch/inspect.mjs').Libtorch} Libtorch */

export const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Where src/engine/native.ts looks first. */
export const releaseFolder = join(packageRoot, 'build', 'Release');

/** Where prebuildify puts what it builds, and native.ts looks next. */
export const prebuildsFolder = join(packageRoot, 'prebuilds', `${process.platform}-${process.arch}`);

export const ADDON = 'nerbert.node';
export const LOADER = 'nerbert_loader.node';

/**
 * What an addon was compiled from, as CMakeLists.txt writes it into the binary.
 * @typedef {object} Origin
 * @property {string} libtorch version such as 2.13.0
 * @property {string} sources what hashSources gave
 */

/**
 * @param {string} addon
 * @returns {Origin | undefined} undefined without such a file
 */
export function readOrigin(addon) {
  if (!existsSync(addon)) return undefined;
  const match = /nerbert-libtorch=([\d.]+);sources=([0-9a-f]+);/.exec(readFileSync(addon, 'latin1'));
  return match?.[1] && match[2] ? { libtorch: match[1], sources: match[2] } : undefined;
}

/** Hash of everything the addons are compiled from, libtorch apart. */
export function hashSources() {
  const hash = createHash('sha256');
  const native = readdirSync(join(packageRoot, 'native'), { recursive: true, withFileTypes: true });
  const files = native.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  for (const file of [join(packageRoot, 'CMakeLists.txt'), ...files.sort()]) {
    hash
      .update(`${file.slice(packageRoot.length)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 32);
}

/**
 * Puts both addons in build/Release/ by renames: a running process may have the former files mapped.
 * @param {string} addon
 * @param {string} loader
 */
export function installAddons(addon, loader) {
  mkdirSync(releaseFolder, { recursive: true });
  for (const [from, name] of /** @type {const} */ ([
    [loader, LOADER],
    [addon, ADDON],
  ])) {
    copyFileSync(from, join(releaseFolder, `${name}.part`));
    renameSync(join(releaseFolder, `${name}.part`), join(releaseFolder, name));
  }
}

/**
 * Records in build/Release/libtorch.json where libtorch lies: native.ts opens it there.
 * @param {Libtorch} libtorch
 */
export function recordLibtorch({ root, version, build, cuda }) {
  const file = join(releaseFolder, 'libtorch.json');
  writeFileSync(`${file}.part`, `${JSON.stringify({ libtorch: root, version, build, cuda }, null, 2)}\n`);
  renameSync(`${file}.part`, file);
}
