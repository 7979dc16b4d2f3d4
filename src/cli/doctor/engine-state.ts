import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RuntimeInfo } from '../../engine/addon.ts';
import { REBUILD } from '../../engine/libtorch.ts';
import type { MeasuredPath } from '../../engine/matrix-path.ts';
import type { LibtorchInfo } from '../../engine/native.ts';

/** What the addon tells of itself. */
export interface LoadedEngine {
  loads: true;
  /** Its file. */
  addon: string;
  libtorch: LibtorchInfo;
  runtime: RuntimeInfo;
  matrixPath: {
    /** Where measured paths are kept. */
    file: string;
    kept: string | undefined;
    /** Undefined unless a measurement was asked for. */
    measured: MeasuredPath | undefined;
  };
}

export type EngineState = LoadedEngine | { loads: false; reason: string; remedies: readonly string[] };

/* The compiler leaves this name alone, so the extension is that of the file that runs: .ts or .js. */
const PROCESS = new URL(`./engine-process${extname(fileURLToPath(import.meta.url))}`, import.meta.url);

/** Enough to read libtorch from a slow network folder, in milliseconds. */
const DEADLINE = 120_000;

const CRASH_REMEDIES = [
  'reinstall the libtorch or PyTorch that is used: a file of it may be damaged',
  REBUILD,
];

/**
 * Loads the addon in a process of its own: a damaged library may end the process that loads it.
 *
 * @param measure whether to measure the matrix path anew, and keep it
 */
export function engineState(measure: boolean, file: URL = PROCESS): Promise<EngineState> {
  return new Promise(resolve => {
    const child = fork(fileURLToPath(file), measure ? ['measure'] : [], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      timeout: DEADLINE,
      killSignal: 'SIGKILL',
    });
    const fail = (reason: string) => resolve({ loads: false, reason, remedies: CRASH_REMEDIES });
    child.on('message', message => resolve(message as EngineState));
    child.on('error', error => fail(`the process that loads the addon cannot be started: ${error.message}`));
    child.on('close', (code, signal) =>
      fail(
        `the process ended with ${signal ?? `code ${code}`} while the addon and its libtorch were being loaded`,
      ),
    );
  });
}
