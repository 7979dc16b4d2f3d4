import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ExecutionContext } from 'ava';
import { projectRoot } from '../../support/shared.ts';
import { temporaryFolder, writeTree } from './fake-libtorch.ts';

/** Address of a local server that lives as long as the test. */
export async function serve(t: ExecutionContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.closeAllConnections());
  t.teardown(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Packs files into a zip (or wheel) with CMake. */
export function zip(t: ExecutionContext, file: string, files: Record<string, string>): string {
  const folder = writeTree(temporaryFolder(t), files);
  const tops = [...new Set(Object.keys(files).map(path => path.split('/')[0] ?? ''))];
  const result = spawnSync('cmake', ['-E', 'tar', 'cf', file, '--format=zip', ...tops], { cwd: folder });
  t.is(result.status, 0);
  return file;
}

export interface ScriptResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

const scripts = pathToFileURL(join(projectRoot, 'scripts/')).href;

/** Fetches as scripts/install.mjs does, in a process of its own that prints the libtorch that it got as JSON. */
export const FETCH = `
  import { runScript } from '${scripts}failure.mjs';
  import { fetchLibtorch } from '${scripts}libtorch/fetch.mjs';
  await runScript(async () => {
    const libtorch = await fetchLibtorch(process.env, process.argv[1] === 'driver');
    console.log('got ' + JSON.stringify(libtorch));
  });
`;

export function startFetch(env: NodeJS.ProcessEnv, driver = false): ChildProcess {
  const args = ['--input-type=module', '--eval', FETCH, driver ? 'driver' : 'none'];
  return spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** What a child prints and how it ends. */
export function ended(child: ChildProcess): Promise<ScriptResult> {
  const result: ScriptResult = { code: null, stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', text => {
    result.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', text => {
    result.stderr += text;
  });
  return new Promise(resolve => child.on('close', code => resolve({ ...result, code })));
}

/** The libtorch folder that a fetch ended with. */
export const rootOf = ({ stdout }: ScriptResult): string =>
  JSON.parse(/^got (.*)$/m.exec(stdout)?.[1] ?? '{}').root;

/** Where a command lies. */
export function which(command: string): string | undefined {
  const result = spawnSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' });
  return result.status === 0 ? result.stdout.trim() : undefined;
}
