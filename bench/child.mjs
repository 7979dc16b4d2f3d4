// @ts-check
/* Measurements in processes of their own. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * Runs a program to its end. A failure is told with what the program said last.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<string>} its standard output
 */
export function outputOf(program, args, env = process.env) {
  return new Promise((resolve, reject) => {
    execFile(program, args, { env, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      if (error)
        reject(new Error(`${[program, ...args].join(' ')} failed: ${lastLine(stderr) || error.message}`));
      else resolve(stdout);
    });
  });
}

/**
 * Seconds from the start of a program to the first line of its standard output that `isLine` accepts; the program is then
 * ended.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {(line: string) => boolean} isLine
 */
export async function secondsToLine(program, args, isLine) {
  const begin = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const failed = once(child, 'error').then(([error]) => Promise.reject(error));
  const ended = new Promise(resolve => child.once('close', resolve));
  const errors = child.stderr.setEncoding('utf8').toArray();
  const line = (async () => {
    for await (const text of createInterface(child.stdout))
      if (isLine(text)) return (performance.now() - begin) / 1000;
    throw new Error(
      `${program} ${args[0]} failed: ${lastLine((await errors).join('')) || 'it ended too early'}`,
    );
  })();
  try {
    return await Promise.race([line, failed]);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

/** @param {string} text */
export const lastLine = text => text.trimEnd().split('\n').at(-1) ?? '';
