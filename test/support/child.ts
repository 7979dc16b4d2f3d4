import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from './shared.ts';

export interface ChildResult {
  /** Exit code; null after a signal. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface ChildOptions {
  args?: string[];
  env?: Record<string, string>;
  /** The working directory; by default that of the tests. */
  cwd?: string;
  /** Options of Node itself. */
  nodeOptions?: string[];
}

/** A child that hangs is killed after this time, in milliseconds, and then ends with SIGKILL. */
const DEADLINE = 100_000;

/** Runs a TypeScript file, given by its path below test/, in a process of its own. */
export function runChild(
  script: string,
  { args = [], env = {}, cwd, nodeOptions = [] }: ChildOptions = {},
): Promise<ChildResult> {
  const loader = pathToFileURL(join(projectRoot, 'test', 'support', 'tsx.mjs')).href;
  const node = [...nodeOptions, `--import=${loader}`, join(projectRoot, 'test', script), ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, node, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: DEADLINE,
      killSignal: 'SIGKILL',
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', text => {
      output.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', text => {
      output.stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
}

/** What a child printed as JSON, if it ended well and silently. */
export async function answerOf<Answer>(script: string, options?: ChildOptions): Promise<Answer> {
  const { code, signal, stdout, stderr } = await runChild(script, options);
  if (code !== 0 || stderr !== '') {
    throw new Error(`${script} ended with code ${code}, signal ${signal}:\n${stderr}${stdout}`);
  }
  return JSON.parse(stdout);
}
