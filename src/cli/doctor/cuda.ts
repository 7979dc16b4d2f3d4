import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoadedEngine } from './engine-state.ts';
import { type Finding, ok, warning } from './fact.ts';

/** @param gpuPresent whether the machine has a GPU of NVIDIA's, usable or not */
export function cuda({ runtime, libtorch }: LoadedEngine, gpuPresent = hasNvidiaGpu()): Finding {
  const { cudaDevices, cudaCapabilities } = runtime;
  if (cudaDevices > 0) {
    const list = cudaCapabilities.map((capability, i) => `cuda:${i} (${shown(capability)})`);
    const values = { devices: cudaDevices, capabilities: cudaCapabilities };
    return ok(`${list.join(', ')}; --device auto takes the first`, values);
  }
  const { reason, remedy } = libtorch.cudaMissing ?? {
    reason: "NVIDIA's driver shows no GPU to this process",
    remedy: 'see what `nvidia-smi` says, and whether CUDA_VISIBLE_DEVICES hides the GPU',
  };
  const values = { devices: 0, gpuPresent, reason };
  if (!gpuPresent) return ok(`not used, and no NVIDIA GPU was found: ${reason}`, values);
  return warning(`not used, though there is an NVIDIA GPU: ${reason}`, [remedy], values);
}

function shown(capability: number): string {
  if (capability === 0) return 'compute capability unknown';
  return `compute capability ${Math.floor(capability / 10)}.${capability % 10}`;
}

/** Whether NVIDIA (0x10de) made one of the display controllers (0x03….), as PCI tells it even without a driver. */
export function hasNvidiaGpu(devices = '/sys/bus/pci/devices'): boolean {
  try {
    return readdirSync(devices).some(name => {
      const read = (file: string) => readFileSync(join(devices, name, file), 'utf8');
      return read('vendor').startsWith('0x10de') && read('class').startsWith('0x03');
    });
  } catch {
    return false;
  }
}
