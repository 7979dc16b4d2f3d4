import { existsSync, readFileSync } from 'node:fs';
import type { RuntimeInfo } from './addon.ts';

/** A type for the products, and why. */
export interface DtypeChoice {
  dtype: 'float32' | 'bfloat16';
  reason: string;
}

/** Instructions for bfloat16 as Linux names them. Without them products in bfloat16 are slower than in float32. */
const CPU_FLAGS = ['amx_bf16', 'avx512_bf16'];

/** Ampere, the first with bfloat16 in its tensor cores. */
const GPU_CAPABILITY = 80;

/**
 * bfloat16 where the hardware computes in it, else float32.
 *
 * @param device by its full name: 'cpu', 'cuda' or 'cuda:N'
 * @param cpuinfo the text of /proc/cpuinfo
 */
export function autoDtype(
  device: string,
  { cudaCapabilities }: Pick<RuntimeInfo, 'cudaCapabilities'>,
  cpuinfo = readCpuinfo(),
): DtypeChoice {
  if (device === 'cpu') {
    const flags = /^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.split(' ') ?? [];
    const found = CPU_FLAGS.find(flag => flags.includes(flag));
    return found === undefined
      ? { dtype: 'float32', reason: 'the CPU has no instructions for bfloat16' }
      : { dtype: 'bfloat16', reason: `the CPU has ${found}` };
  }
  const capability = cudaCapabilities[Number(device.split(':')[1] ?? 0)] ?? 0;
  const shown = `the GPU has compute capability ${Math.floor(capability / 10)}.${capability % 10}`;
  if (capability === 0) return { dtype: 'float32', reason: 'the GPU does not tell its compute capability' };
  return capability >= GPU_CAPABILITY
    ? { dtype: 'bfloat16', reason: shown }
    : { dtype: 'float32', reason: `${shown}, and bfloat16 needs 8.0` };
}

function readCpuinfo(): string {
  return existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
}
