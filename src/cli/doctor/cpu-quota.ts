import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * How many CPUs the container may keep busy, which neither OpenMP nor the number of cores tells; undefined: no limit.
 *
 * @param root where control groups are mounted
 */
export function cpuQuota(root = '/sys/fs/cgroup'): number | undefined {
  const [quota, period] =
    read(root, 'cpu.max')?.split(' ') ??
    ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map(name => read(root, 'cpu', name));
  const cpus = Number(quota) / Number(period);
  return cpus > 0 ? cpus : undefined;
}

function read(...path: string[]): string | undefined {
  try {
    return readFileSync(join(...path), 'utf8').trim();
  } catch {
    return undefined;
  }
}
