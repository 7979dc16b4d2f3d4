import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { NativeError } from '../errors.ts';

/**
 * Rounds of spinning before an OpenMP thread sleeps, one or two milliseconds. With much fewer, threads sleep so often
 * that the kernel wakes several of them on one core.
 */
const SPIN_COUNT = '30000';

/** The torch-free addon that opens shared libraries (native/loader). */
export interface LibraryLoader {
  /** Loads a library for the rest of the process. @throws in the dynamic linker's words */
  open(path: string): void;
  /** Whether the process has a library of that name. */
  isOpen(soname: string): boolean;
  /** Version of the opened libtorch_cpu: major, minor, patch. */
  torchVersion(): [number, number, number] | undefined;
}

/**
 * Opens libtorch's libraries by path, each before the one that needs it, so that the addon finds them and a missing one is
 * named. Returns libtorch's version.
 */
export function openLibtorch(loader: LibraryLoader, root: string): string {
  const gomp = findGomp(root);
  // One OpenMP runtime a process: if another addon brought one of this name, libtorch uses that, and so do we.
  if (gomp !== undefined && !loader.isOpen(gomp.soname)) {
    withBoundedSpinning(() => open(loader, gomp.path, root));
  }
  open(loader, join(root, 'lib', 'libc10.so'), root);
  open(loader, join(root, 'lib', 'libtorch_cpu.so'), root);
  return loader.torchVersion()?.join('.') ?? 'of unknown version';
}

/** Why libtorch cannot compute on a GPU, and what would change that. */
export interface CudaMissing {
  reason: string;
  remedy: string;
}

/** Opens libtorch_cuda where it and NVIDIA's driver are there, and says why not otherwise. The CPU works without. */
export function openCuda(loader: LibraryLoader, root: string): CudaMissing | undefined {
  const library = join(root, 'lib', 'libtorch_cuda.so');
  if (!existsSync(library)) {
    return {
      reason: `the libtorch in use has no CUDA part (there is no ${library})`,
      remedy: `install a CUDA build of PyTorch for python3, or let NERBERT_LIBTORCH name one; then ${REBUILD}`,
    };
  }
  try {
    loader.open('libcuda.so.1');
  } catch (error) {
    return {
      reason: `NVIDIA's driver is missing (${reasonOf(error)})`,
      remedy:
        "install NVIDIA's driver, or start the container with access to the GPU (docker run --gpus all)",
    };
  }
  try {
    loader.open(join(root, 'lib', 'libc10_cuda.so'));
    loader.open(library);
    return undefined;
  } catch (error) {
    return {
      reason: `libtorch's CUDA part cannot be loaded (${reasonOf(error)})`,
      remedy: 'reinstall the PyTorch or libtorch that it belongs to, with the NVIDIA packages that it needs',
    };
  }
}

/**
 * GNU OpenMP's threads wait for work by spinning, by default for tens of milliseconds: where something else wants the processor
 * (the event loop, another program), they take from each other what they wait for, and small models train several times
 * slower. It reads its settings when it is loaded; what the user set is left alone.
 */
function withBoundedSpinning(load: () => void): void {
  const set = ['GOMP_SPINCOUNT', 'OMP_WAIT_POLICY'].some(name => process.env[name] !== undefined);
  if (!set) process.env.GOMP_SPINCOUNT = SPIN_COUNT;
  try {
    load();
  } finally {
    if (!set) delete process.env.GOMP_SPINCOUNT;
  }
}

function open(loader: LibraryLoader, path: string, root: string): void {
  try {
    loader.open(path);
  } catch (error) {
    const missing = existsSync(path) ? reasonOf(error) : `there is no ${path}`;
    throw addonError(`libtorch cannot be loaded from ${root}: ${missing}`, [
      'if that is not where libtorch lies, set NERBERT_LIBTORCH to the folder that holds its lib/, or unset it',
      'if a library of that folder is missing, reinstall the PyTorch or libtorch that it belongs to',
      REBUILD,
    ]);
  }
}

/** Its file name is also its soname: lib/libgomp.so.1, lib/libgomp-<hash>.so.1 or torch.libs/libgomp-<hash>.so.1. */
function findGomp(root: string): { path: string; soname: string } | undefined {
  for (const folder of [join(root, 'lib'), join(root, '..', 'torch.libs')]) {
    const names = existsSync(folder) ? readdirSync(folder) : [];
    const soname = names.find(name => /^libgomp(-[0-9a-f]+)?\.so/.test(name));
    if (soname !== undefined) return { path: join(folder, soname), soname };
  }
  return undefined;
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A remedy of most failures. */
export const REBUILD =
  'run `npm rebuild nerbert` (in a clone `npm run build:native`), which finds or fetches libtorch and compiles the addon again';

export function addonError(problem: string, remedies: readonly string[], cause?: unknown): NativeError {
  const list = remedies.map(remedy => `\n  - ${remedy}`).join('');
  return new NativeError('ERR_ADDON', `nerbert's addon cannot be used: ${problem}.\nWhat to do:${list}`, {
    cause,
    remedies,
  });
}
