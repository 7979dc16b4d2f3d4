// @ts-check
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, say } from '../failure.mjs';

/** @param {number} bytes */
export const megabytes = bytes => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

/** Tells how much has come: in place on a terminal, else a line at each tenth (without a known total, at each 100 MB). */
export class Progress {
  #total;
  #told = 0;

  /** @param {number | undefined} total bytes */
  constructor(total) {
    this.#total = total;
  }

  /** @param {number} come bytes so far; a downloaded file may be copied, so what goes beyond the total is not told */
  update(come) {
    const bytes = Math.max(0, Math.min(come, this.#total ?? come));
    const text = this.#total
      ? `${megabytes(bytes)} of ${megabytes(this.#total)} (${Math.floor((100 * bytes) / this.#total)} %)`
      : megabytes(bytes);
    if (process.stdout.isTTY) {
      process.stdout.write(`\rnerbert: ${text}\x1b[K`);
      return;
    }
    const step = this.#total ? this.#total / 10 : 1e8;
    if (bytes >= this.#told + step) {
      this.#told = Math.floor(bytes / step) * step;
      say(text);
    }
  }

  end() {
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  }
}

/**
 * Bytes in a folder that another process is filling: what it lists may be gone when it is looked at.
 * @param {string} folder
 */
export function folderSize(folder) {
  let size = 0;
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) size += folderSize(path);
    else if (entry.isFile()) size += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return size;
}

/** @param {string} folder */
function entriesOf(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}
