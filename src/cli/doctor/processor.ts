import { availableParallelism, cpus } from 'node:os';
import type { RuntimeInfo } from '../../engine/addon.ts';
import { autoDtype } from '../../engine/auto-dtype.ts';
import { cpuQuota } from './cpu-quota.ts';
import { type Finding, ok, warning } from './fact.ts';

/** `runtime` is what the addon tells; undefined where it cannot be loaded. */
type Runtime = RuntimeInfo | undefined;

export function cpu(): Finding {
  const model = cpus()[0]?.model.trim() || 'unknown model';
  const cores = availableParallelism();
  return ok(`${model}, ${count(cores, 'core')}`, { model, cores });
}

/** What the number of threads should follow. */
interface ThreadSettings {
  /** OMP_NUM_THREADS. */
  chosen: string | undefined;
  cores: number;
  /** CPUs that the container may keep busy; undefined: no limit. */
  quota: number | undefined;
}

const threadSettings = (): ThreadSettings => ({
  chosen: process.env.OMP_NUM_THREADS,
  cores: availableParallelism(),
  quota: cpuQuota(),
});

export function threads(
  runtime: Runtime,
  { chosen, cores, quota }: ThreadSettings = threadSettings(),
): Finding {
  const computing = runtime?.threads ?? (Number.parseInt(chosen ?? '', 10) || cores);
  const text = `${computing} (OMP_NUM_THREADS ${chosen ? `is ${chosen}` : 'is not set'})`;
  const values = { threads: computing, ompNumThreads: chosen ?? null, cpuQuota: quota ?? null };
  if (chosen && !/^\s*[1-9]\d*\s*(,|$)/.test(chosen))
    return warning(
      `${text}, which is no number of threads`,
      ['set OMP_NUM_THREADS to a number, or unset it'],
      values,
    );
  const useful = Math.min(cores, Math.max(1, Math.floor(quota ?? cores)));
  if (computing <= useful) return ok(text, values);
  const reason = useful < cores ? `the container may use ${quota} CPUs` : `there are ${count(cores, 'core')}`;
  return warning(
    `${text}, but ${reason}: threads wait for each other`,
    [`set OMP_NUM_THREADS=${useful}`],
    values,
  );
}

export function vectorCode(
  { cpuCapability }: RuntimeInfo,
  chosen = process.env.ATEN_CPU_CAPABILITY,
  arch: string = process.arch,
): Finding {
  const values = { cpuCapability };
  if (cpuCapability !== 'DEFAULT' || arch !== 'x64')
    return ok(`${cpuCapability}, the instructions that libtorch uses`, values);
  const remedy = chosen
    ? `unset ATEN_CPU_CAPABILITY, which is ${chosen}`
    : 'use a CPU with AVX2; a virtual machine may hide that of its host: give it the host CPU type';
  return warning('DEFAULT: libtorch uses neither AVX2 nor AVX512 and computes slowly', [remedy], values);
}

export function bfloat16(runtime: Runtime, cpuinfo?: string): Finding {
  const { cudaDevices = 0, cudaCapabilities = [] } = runtime ?? {};
  const device = cudaDevices > 0 ? 'cuda' : 'cpu';
  const { dtype, reason } = autoDtype(device, { cudaCapabilities }, cpuinfo);
  const values = { hardware: dtype === 'bfloat16', autoDtype: dtype, device };
  return ok(`${reason}; train --dtype auto takes ${dtype}`, values);
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
