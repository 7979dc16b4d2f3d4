import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import type { ExecutionContext } from 'ava';
import type { DataSample } from '../../src/data/sample.ts';
import { checkpoint } from './checkpoints.ts';
import { type ChildOptions, type ChildResult, runChild } from './child.ts';
import { projectRoot } from './shared.ts';
import { sentences } from './small-training.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** Runs `nerbert` with arguments, from its sources. */
export function runCli(args: string[], options: Omit<ChildOptions, 'args'> = {}): Promise<ChildResult> {
  return runChild(join('..', 'src', 'cli', 'main.ts'), { ...options, args });
}

export type RunningChild = ChildProcessByStdio<null, Readable, Readable>;

/**
 * Starts a TypeScript file of the project and leaves it running.
 *
 * @param redirection of a shell, such as `>/dev/full`
 */
export function start(script: string, args: string[], cwd?: string, redirection = ''): RunningChild {
  const loader = pathToFileURL(join(projectRoot, 'test', 'support', 'tsx.mjs')).href;
  const node = [process.execPath, `--import=${loader}`, join(projectRoot, script), ...args];
  const child = spawn('sh', ['-c', `exec "$0" "$@" ${redirection}`, ...node], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.setEncoding('utf8');
  child.stderr.setEncoding('utf8');
  return child;
}

/** Resolves when a stream has said what is expected, with all that it said until then. */
export async function said(stream: Readable, expected: RegExp): Promise<string> {
  let text = '';
  while (!expected.test(text)) {
    const [chunk] = await once(stream, 'data');
    text += chunk;
  }
  return text;
}

/** Everything that a stream says from now on. */
export async function rest(stream: Readable): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

export async function exitCode(child: RunningChild): Promise<number | null> {
  const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
  return code;
}

/** Sentences as the text of an IOB2 file. */
export function iob2(samples: readonly DataSample[]): string {
  return samples
    .map(({ words, labels }) => words.map((word, i) => `${word}\t${labels[i]}\n`).join(''))
    .join('\n');
}

/** A folder with train.iob2, dev.iob2 and test.iob2: 40, 12 and 9 sentences. */
export async function corpusFolder(t: ExecutionContext): Promise<string> {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'train.iob2'), iob2(sentences(40)));
  await writeFile(join(folder, 'dev.iob2'), iob2(sentences(12, 40)));
  await writeFile(join(folder, 'test.iob2'), iob2(sentences(9, 52)));
  return folder;
}

/** Flags for a pre-trained model of 64 positions that trains in an instant. */
export const modelFlags = ['--model', checkpoint('tc-safetensors'), '--max-len-seq', '32'];

/** Flags for a run in `corpusFolder`: two steps an epoch. */
export const runFlags = ['--train-file', 'train.iob2', '--eval-file', 'dev.iob2', ...modelFlags];
