// @ts-check
/* Resident memory of this process, in MiB, as Linux counts it. */
import { readFileSync, writeFileSync } from 'node:fs';

/** @param {'VmRSS' | 'VmHWM'} name now, or at its highest */
export function memoryMb(name) {
  const status = readFileSync('/proc/self/status', 'utf8');
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
}

/** Counts the highest memory from now on, as the reference does after its warm-up. Some kernels refuse: it stays that of all. */
export function resetPeak() {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {}
}
