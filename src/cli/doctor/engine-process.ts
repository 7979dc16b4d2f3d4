import {
  keptMatrixPath,
  type MeasuredPath,
  matrixPathsFile,
  measureMatrixPath,
} from '../../engine/matrix-path.ts';
import { addonFile, libtorchInfo, loadNative } from '../../engine/native.ts';
import type { EngineState, LoadedEngine } from './engine-state.ts';
import { messageOf, remediesOf } from './fact.ts';

/* The process that `engineState` starts: loads the addon, sends what it tells, and ends. */

async function loadEngine(measure: boolean): Promise<LoadedEngine> {
  const runtime = loadNative().runtimeInfo();
  const measured: MeasuredPath | undefined = measure ? await measureMatrixPath() : undefined;
  return {
    loads: true,
    addon: addonFile(),
    libtorch: libtorchInfo(),
    runtime,
    matrixPath: { file: matrixPathsFile(), kept: await keptMatrixPath(), measured },
  };
}

const state: EngineState = await loadEngine(process.argv.includes('measure')).catch(error => ({
  loads: false as const,
  reason: messageOf(error),
  remedies: remediesOf(error, []),
}));
process.send?.(state);
