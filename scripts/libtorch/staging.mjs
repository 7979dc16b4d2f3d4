// @ts-check
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { codeOf, diskFull, InstallError } from '../failure.mjs';

/**
 * Runs a function with a folder in the cache to unpack into, which is removed afterwards and when the process is interrupted.
 * @template T
 * @param {string} cache
 * @param {(staging: string) => Promise<T>} fill
 */
export async function withStaging(cache, fill) {
  const staging = createStaging(cache);
  const remove = () => removeFolder(staging);
  const interrupted = () => process.exit(1);
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) process.once(signal, interrupted);
  process.once('exit', remove);
  try {
    return await fill(staging);
  } catch (error) {
    throw codeOf(error) === 'ENOSPC' ? diskFull(error, cache) : error;
  } finally {
    for (const signal of signals) process.off(signal, interrupted);
    process.off('exit', remove);
    remove();
  }
}

/**
 * Removes a folder that files may still be opened in: one that appears after the folder was emptied has it emptied again.
 * (`maxRetries` of Node.js 20 only repeats the last step, which fails again.)
 * @param {string} folder
 */
function removeFolder(folder) {
  for (let tries = 1; ; tries++) {
    try {
      return rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if (codeOf(error) !== 'ENOTEMPTY' || tries === 100) throw error;
    }
  }
}

/**
 * A new empty folder in the cache. Those that ended processes left are removed.
 * @param {string} cache
 */
export function createStaging(cache) {
  try {
    mkdirSync(cache, { recursive: true });
  } catch (error) {
    throw new InstallError(`the cache folder ${cache} cannot be made (${codeOf(error)})`, [
      'set NERBERT_CACHE to a folder that you may write to',
    ]);
  }
  removeAbandoned(cache);
  const staging = join(cache, `.staging-${hostname()}-${process.pid}-${randomUUID()}`);
  mkdirSync(staging);
  return staging;
}

/**
 * Removes the staging folders of this machine's ended processes.
 * @param {string} cache
 */
function removeAbandoned(cache) {
  const prefix = `.staging-${hostname()}-`;
  for (const name of namesIn(cache).filter(entry => entry.startsWith(prefix))) {
    if (!isRunning(Number.parseInt(name.slice(prefix.length), 10))) removeFolder(join(cache, name));
  }
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/**
 * @param {string} folder
 * @returns {string[]} sorted; empty without such a folder
 */
export function namesIn(folder) {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
