import { OptionError } from '../errors.ts';
import { loadNative } from './native.ts';

/** Where a model computes; 'auto' takes the first GPU where there is one. */
export type Device = 'auto' | 'cpu' | 'cuda' | `cuda:${number}`;

/** The device that a choice stands for. @throws OptionError */
export function resolveDevice(device: unknown): string {
  if (device === 'auto') return loadNative().runtimeInfo().cudaDevices > 0 ? 'cuda' : 'cpu';
  if (typeof device === 'string' && /^(cpu|cuda(:\d{1,2})?)$/.test(device)) return device;
  throw new OptionError('device', '"auto", "cpu", "cuda" or "cuda:N"', device);
}
