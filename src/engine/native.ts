import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NativeError } from '../errors.ts';
import type { NativeAddon } from './addon.ts';
import {
  addonError,
  type CudaMissing,
  type LibraryLoader,
  openCuda,
  openLibtorch,
  REBUILD,
  reasonOf,
} from './libtorch.ts';

/* The only place that loads .node files: first the loader, which opens libtorch, then the addon that needs it. */

/** The libtorch that the process uses. */
export interface LibtorchInfo {
  /** Folder that holds its lib/. */
  path: string;
  /** Such as 2.13.0. */
  version: string;
  /** Undefined where libtorch_cuda is loaded. */
  cudaMissing: CudaMissing | undefined;
}

interface Loaded {
  addon: NativeAddon;
  /** Its file. */
  file: string;
  libtorch: LibtorchInfo;
}

const installed = fileURLToPath(new URL('../..', import.meta.url));

let loaded: Loaded | undefined;

/** The addon, loaded at the first call. @throws NativeError ERR_ADDON, with remedies */
export const loadNative = (): NativeAddon => load().addon;

/** The libtorch that the addon computes with; loads both. @throws NativeError ERR_ADDON, with remedies */
export const libtorchInfo = (): LibtorchInfo => load().libtorch;

/** The file of the addon; loads it. @throws NativeError ERR_ADDON, with remedies */
export const addonFile = (): string => load().file;

function load(): Loaded {
  loaded ??= loadFrom(installed, process.env.NERBERT_LIBTORCH);
  return loaded;
}

/**
 * Loads the addon of a package folder. `libtorch` (NERBERT_LIBTORCH) takes precedence over the folder that was recorded when
 * the addon was built.
 */
export function loadFrom(packageRoot: string, libtorch: string | undefined): Loaded {
  const { loader: loaderFile, addons } = findAddons(packageRoot);
  const path = libtorchFolder(libtorch, packageRoot);
  const loader = requireAddon(loaderFile) as LibraryLoader;
  const version = openLibtorch(loader, path);
  const addon = addons.find(file => minorOf(builtVersion(file)) === minorOf(version));
  if (addon === undefined) throw versionError(addons.map(builtVersion), path, version);
  const cudaMissing = openCuda(loader, path);
  return { addon: requireAddon(addon) as NativeAddon, file: addon, libtorch: { path, version, cudaMissing } };
}

function requireAddon(file: string): unknown {
  try {
    return createRequire(import.meta.url)(file);
  } catch (error) {
    throw addonError(`${file} cannot be loaded: ${reasonOf(error)}`, [REBUILD], error);
  }
}

/** Files of an installation that can be loaded. */
export interface AddonFiles {
  loader: string;
  /** The one compiled here first. */
  addons: string[];
}

/**
 * What was compiled here and what came prebuilt, one addon for each minor version of libtorch. Loads nothing.
 *
 * @throws NativeError ERR_ADDON, with remedies
 */
export function findAddons(packageRoot = installed): AddonFiles {
  const folders = [
    join(packageRoot, 'build', 'Release'),
    join(packageRoot, 'prebuilds', `${process.platform}-${process.arch}`),
  ];
  const files = folders
    .filter(existsSync)
    .flatMap(folder => readdirSync(folder).map(name => join(folder, name)));
  const loader = files.find(file => file.endsWith('/nerbert_loader.node'));
  const addons = files.filter(file => /\/nerbert(-libtorch[\d.]+)?\.node$/.test(file));
  if (loader !== undefined && addons.length > 0) return { loader, addons };
  throw addonError(`it was not found (no nerbert.node in ${folders.join(' or ')})`, [
    REBUILD,
    'if your package manager runs no install scripts (--ignore-scripts, pnpm, Yarn), allow those of nerbert and install again',
    'if the package was installed on another system or processor, install it again on this one',
  ]);
}

/**
 * The folder of the libtorch to load: `libtorch` (NERBERT_LIBTORCH), else the one recorded when the addon was built.
 * Loads nothing.
 *
 * @throws NativeError ERR_ADDON, with remedies
 */
export function libtorchFolder(libtorch: string | undefined, packageRoot = installed): string {
  if (libtorch) return resolve(libtorch);
  const file = join(packageRoot, 'build', 'Release', 'libtorch.json');
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { libtorch: string }).libtorch;
  } catch (error) {
    const reason = existsSync(file) ? `${file}: ${reasonOf(error)}` : `there is no ${file}`;
    throw addonError(
      `it is not recorded where libtorch lies (${reason})`,
      [REBUILD, 'set NERBERT_LIBTORCH to the folder that holds its lib/'],
      error,
    );
  }
}

/** The version of libtorch that an addon was compiled with; CMakeLists.txt writes it into the binary. */
function builtVersion(addon: string): string {
  return /nerbert-libtorch=([\d.]+);/.exec(readFileSync(addon, 'latin1'))?.[1] ?? 'an unknown version';
}

const minorOf = (version: string): string => version.split('.').slice(0, 2).join('.');

function versionError(built: readonly string[], path: string, version: string): NativeError {
  return addonError(
    `it was built with libtorch ${built.join(' and ')}, but the one in ${path} is ${version}, and the C++ ABI differs between minor versions`,
    [`set NERBERT_LIBTORCH to a libtorch ${built.map(minorOf).join(' or ')}, or unset it`, REBUILD],
  );
}
