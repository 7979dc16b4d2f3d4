import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';
import { OptionError } from '../errors.ts';
import { makeFolder, writeFileAtomically } from '../files.ts';
import { isJsonObject } from '../json.ts';
import { reasonOf } from './libtorch.ts';
import { libtorchInfo, loadNative } from './native.ts';

/* Which library multiplies float32 matrices on a CPU: ATen's choice (MKL on x86-64) or oneDNN, for each of the three
 * products of a linear layer. Neither is faster on all CPUs, so they are measured, once for each machine and libtorch. */

/** On a GPU, and where nothing is gained by measuring. */
const DEFAULT_PATH = 'aten aten aten';

/** @throws OptionError */
export function checkMatrixPath(option: string, path: unknown): string {
  if (typeof path === 'string' && /^(aten|onednn) (aten|onednn) (aten|onednn)$/.test(path)) return path;
  throw new OptionError(option, 'three words, each aten or onednn, such as "onednn onednn aten"', path);
}

let resolved: Promise<string> | undefined;

/**
 * The path of a device: `NERBERT_MATRIX_PATH`, else what was measured on this machine before, else what is measured now,
 * which takes some tenths of a second.
 *
 * @throws OptionError for another NERBERT_MATRIX_PATH
 */
export async function resolveMatrixPath(device: string): Promise<string> {
  const chosen = process.env.NERBERT_MATRIX_PATH;
  if (chosen) return checkMatrixPath('NERBERT_MATRIX_PATH', chosen);
  if (device !== 'cpu') return DEFAULT_PATH;
  resolved ??= keptMatrixPath().then(async kept => kept ?? (await measureMatrixPath()).path);
  return resolved;
}

/** The file that keeps what was measured, for all machines and libtorches that share the cache. */
export function matrixPathsFile(): string {
  return join(cacheFolder(), 'matrix-paths.json');
}

/** What was measured on this machine before; undefined: nothing. */
export async function keptMatrixPath(): Promise<string | undefined> {
  return (await readKept(matrixPathsFile()))[machineName()];
}

/** What a measurement found. */
export interface MeasuredPath {
  path: string;
  /** Why it could not be kept: a cache that cannot be written to costs a measurement at each start, nothing else. */
  notKept?: string;
}

/** Measures the path of this machine and keeps it in the place of an older one. */
export async function measureMatrixPath(): Promise<MeasuredPath> {
  const file = matrixPathsFile();
  const path = await loadNative().measureMatrixPath();
  try {
    await makeFolder(dirname(file));
    const kept = { ...(await readKept(file)), [machineName()]: path };
    await writeFileAtomically(file, `${JSON.stringify(kept, null, 2)}\n`);
    return { path };
  } catch (error) {
    return { path, notKept: reasonOf(error) };
  }
}

/**
 * Whether a CPU computes with the fused kernels. `NERBERT_KERNELS=aten` takes ATen's operations instead, as a GPU does: to
 * compare the two.
 *
 * @throws OptionError for another NERBERT_KERNELS
 */
export function usesFusedKernels(): boolean {
  const chosen = process.env.NERBERT_KERNELS || 'fused';
  if (chosen !== 'fused' && chosen !== 'aten')
    throw new OptionError('NERBERT_KERNELS', '"fused" or "aten"', chosen);
  return chosen === 'fused';
}

/** Everything that the fastest path depends on. */
function machineName(): string {
  const { cpuCapability, threads } = loadNative().runtimeInfo();
  return `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpuCapability}, ${threads} threads, libtorch ${libtorchInfo().version}`;
}

/** Paths by machine; what is no path is measured again. */
async function readKept(file: string): Promise<Record<string, string>> {
  try {
    const kept: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (!isJsonObject(kept)) return {};
    return Object.fromEntries(
      Object.entries(kept).map(([machine, path]) => [machine, checkMatrixPath('matrixPath', path)]),
    );
  } catch {
    return {};
  }
}
