import { mkdir, readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';
import { OptionError } from '../errors.ts';
import { writeFileAtomically } from '../files.ts';
import { isJsonObject } from '../json.ts';
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
  resolved ??= keptOrMeasured(join(cacheFolder(), 'matrix-paths.json'));
  return resolved;
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

async function keptOrMeasured(file: string): Promise<string> {
  const { cpuCapability, threads } = loadNative().runtimeInfo();
  const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpuCapability}, ${threads} threads, libtorch ${libtorchInfo().version}`;
  const kept = await readKept(file);
  const path = kept[machine];
  if (path !== undefined) return path;
  const measured = await loadNative().measureMatrixPath();
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFileAtomically(file, `${JSON.stringify({ ...kept, [machine]: measured }, null, 2)}\n`);
  } catch {
    // A cache that cannot be written to costs a measurement at each start, nothing else.
  }
  return measured;
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
