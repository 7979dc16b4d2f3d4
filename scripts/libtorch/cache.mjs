// @ts-check
import { createHash } from 'node:crypto';
import {
  createReadStream,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { codeOf, say } from '../failure.mjs';
import { namesIn } from './staging.mjs';

/**
 * The user's cache: <cache>/libtorch/<entry>/ holds torch/ (and nvidia/) and manifest.json. An entry appears by a rename when
 * it is whole, so two installs at once are safe and a killed one leaves only a staging folder, which the next removes.
 */

/**
 * @typedef {object} Manifest
 * @property {string} version such as 2.13.0
 * @property {string} build such as 2.13.0+cpu
 * @property {string} arch Node's name of the processor
 * @property {boolean} cpuPart whether it is only what the CPU needs of a CUDA build
 * @property {string | null} index what NERBERT_TORCH_INDEX named when it was fetched
 * @property {string} source name of the wheel or archive
 * @property {Record<string, { size: number, sha256: string }>} files
 */

/** @param {NodeJS.ProcessEnv} env */
export function cacheFolder(env) {
  if (env.NERBERT_CACHE) return join(resolve(env.NERBERT_CACHE), 'libtorch');
  const base =
    env.XDG_CACHE_HOME && isAbsolute(env.XDG_CACHE_HOME) ? env.XDG_CACHE_HOME : join(homedir(), '.cache');
  return join(base, 'nerbert', 'libtorch');
}

/**
 * The torch folder of an intact entry that fits, or undefined. Damaged entries are removed.
 * @param {string} cache
 * @param {(manifest: Manifest) => boolean} fits
 */
export function findCached(cache, fits) {
  for (const name of namesIn(cache).filter(entry => !entry.startsWith('.'))) {
    const folder = join(cache, name);
    const manifest = readManifest(folder);
    if (manifest && !fits(manifest)) continue;
    const damage = manifest ? findDamage(folder, manifest) : 'manifest.json';
    if (damage === undefined) return join(folder, 'torch');
    say(`the cached ${folder} is damaged (${damage}) and is removed`);
    rmSync(folder, { recursive: true, force: true });
  }
  return undefined;
}

/**
 * Makes a filled folder an entry of the cache and returns its torch folder.
 * @param {string} tree
 * @param {string} cache
 * @param {Omit<Manifest, 'files'>} about
 */
export async function publish(tree, cache, about) {
  /** @type {Manifest} */
  const manifest = { ...about, files: await describeFiles(tree) };
  writeFileSync(join(tree, 'manifest.json'), JSON.stringify(manifest, null, 1));
  const index = about.index ? `-${createHash('sha256').update(about.index).digest('hex').slice(0, 8)}` : '';
  const entry = join(cache, `${about.build}-${about.arch}${about.cpuPart ? '-cpu-part' : ''}${index}`);
  try {
    renameSync(tree, entry);
  } catch (error) {
    // Another install was quicker.
    if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error))) throw error;
  }
  return join(entry, 'torch');
}

/** @param {string} folder @returns {Promise<Manifest['files']>} */
async function describeFiles(folder) {
  /** @type {Manifest['files']} */
  const files = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk);
    files[path.slice(folder.length + 1)] = { size: statSync(path).size, sha256: hash.digest('hex') };
  }
  return files;
}

/** @param {string} folder @returns {Manifest | undefined} */
function readManifest(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * The first file that is missing or of another size.
 * @param {string} folder
 * @param {Manifest} manifest
 */
function findDamage(folder, manifest) {
  return Object.entries(manifest.files).find(
    ([path, { size }]) => statSync(join(folder, path), { throwIfNoEntry: false })?.size !== size,
  )?.[0];
}
