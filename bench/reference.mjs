// @ts-check
/* The Python reference: its measurements, and what its PyTorch can do at most on this machine. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf, secondsToLine } from './child.mjs';

const beside = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * @typedef {object} Peak
 * @property {string} torch
 * @property {string} transformers
 * @property {string} capability
 * @property {number} float32 floating-point operations a second
 * @property {number} [bfloat16]
 */

export class Reference {
  #folder;
  #python;
  #model;
  #threads;

  /** @param {{ folder: string, python: string, model: string, threads: number }} options */
  constructor({ folder, python, model, threads }) {
    this.#folder = folder;
    this.#python = python;
    this.#model = model;
    this.#threads = ['--threads', `${threads}`];
  }

  /** Versions, and the highest speed of products of matrices. @param {string[]} dtypes @returns {Promise<Peak>} */
  async peak(dtypes) {
    return JSON.parse(
      await outputOf(this.#python, [beside('peak.py'), ...this.#threads.slice(1), ...dtypes]),
    );
  }

  /**
   * What bench_reference.py measures once.
   *
   * @param {string} trainFile
   * @param {string} what parts, with commas
   * @param {Record<string, string | number>} options
   * @returns {Promise<Record<string, any>>}
   */
  async bench(trainFile, what, options = {}) {
    const fixed = ['--model', this.#model, '--train', trainFile, '--what', what, ...this.#threads];
    const more = Object.entries({ rounds: 1, ...options }).flatMap(([name, value]) => [
      `--${name}`,
      `${value}`,
    ]);
    const args = [join(this.#folder, 'bench_reference.py'), ...fixed, ...more];
    return JSON.parse(await outputOf(this.#python, args));
  }

  /** Seconds from the start of train_reference.py to the end of its first update. @param {string} trainFile */
  secondsToFirstUpdate(trainFile) {
    const data = ['--model', this.#model, '--train', trainFile, '--epochs', '1', ...this.#threads];
    const args = [beside('first_update.py'), this.#folder, '--mode', 'hf', ...data];
    return secondsToLine(this.#python, args, line => line === 'first update');
  }
}
