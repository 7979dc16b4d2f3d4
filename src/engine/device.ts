import { OptionError } from '../errors.ts';
import { loadNative } from './native.ts';

/** Where a model computes; 'auto' takes the first GPU where there is one. */
export type Device = 'auto' | 'cpu' | 'cuda' | `cuda:${number}`;

/** @throws OptionError for what is no name of a device */
export function checkDevice(option: string, device: unknown): Device {
  if (typeof device === 'string' && /^(auto|cpu|cuda(:\d{1,2})?)$/.test(device)) return device as Device;
  throw new OptionError(option, '"auto", "cpu", "cuda" or "cuda:N"', device);
}

/** The device that a choice stands for. @throws OptionError */
export function resolveDevice(device: unknown): string {
  const checked = checkDevice('device', device);
  if (checked !== 'auto') return checked;
  return loadNative().runtimeInfo().cudaDevices > 0 ? 'cuda' : 'cpu';
}
