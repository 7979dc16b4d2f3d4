import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NativeError } from '../errors.ts';
import type { NativeAddon } from './addon.ts';
import {
  addonError,
  type LibraryLoader,
  type LibtorchInfo,
  openLibtorch,
  REBUILD,
  reasonOf,
} from './libtorch.ts';

/* The only place that loads .node files: first the loader, which opens libtorch, then the addon that needs it. */

interface Loaded {
  addon: NativeAddon;
  libtorch: LibtorchInfo;
}

let loaded: Loaded | undefined;

/** The addon, loaded at the first call. @throws NativeError ERR_ADDON, with remedies */
export const loadNative = (): NativeAddon => load().addon;

/** The libtorch that the addon computes with; loads both. @throws NativeError ERR_ADDON, with remedies */
export const libtorchInfo = (): LibtorchInfo => load().libtorch;

function load(): Loaded {
  loaded ??= loadFrom(fileURLToPath(new URL('../..', import.meta.url)), process.env.NERBERT_LIBTORCH);
  return loaded;
}

/**
 * Loads the addon of a package folder. `libtorch` (NERBERT_LIBTORCH) takes precedence over the folder that was recorded when
 * the addon was built.
 */
export function loadFrom(packageRoot: string, libtorch: string | undefined): Loaded {
  const files = findAddon(packageRoot);
  const root = libtorch ? resolve(libtorch) : recordedLibtorch(packageRoot);
  if (root === undefined) {
    throw addonError('it is not recorded where libtorch lies (build/Release/libtorch.json is missing)', [
      REBUILD,
      'set NERBERT_LIBTORCH to the folder that holds its lib/',
    ]);
  }
  const require = createRequire(import.meta.url);
  try {
    const info = openLibtorch(require(files.loader) as LibraryLoader, root, builtVersion(files.addon));
    return { addon: require(files.addon) as NativeAddon, libtorch: info };
  } catch (error) {
    if (error instanceof NativeError) throw error;
    throw addonError(`${files.addon} cannot be loaded: ${reasonOf(error)}`, [REBUILD], error);
  }
}

interface AddonFiles {
  loader: string;
  addon: string;
}

/** What was compiled here, else the prebuilt addon. */
function findAddon(packageRoot: string): AddonFiles {
  const folders = [
    join(packageRoot, 'build', 'Release'),
    join(packageRoot, 'prebuilds', `${process.platform}-${process.arch}`),
  ];
  for (const folder of folders) {
    const loader = join(folder, 'nerbert_loader.node');
    const addon = existsSync(loader) ? readdirSync(folder).find(isAddon) : undefined;
    if (addon !== undefined) return { loader, addon: join(folder, addon) };
  }
  throw addonError(`it was not found (no nerbert.node in ${folders.join(' or ')})`, [
    REBUILD,
    'if your package manager runs no install scripts (--ignore-scripts, pnpm, Yarn), allow those of nerbert and install again',
    'if the package was installed on another system or processor, install it again on this one',
  ]);
}

const isAddon = (name: string): boolean => /^nerbert(-libtorch[\d.]+)?\.node$/.test(name);

function recordedLibtorch(packageRoot: string): string | undefined {
  const file = join(packageRoot, 'build', 'Release', 'libtorch.json');
  if (!existsSync(file)) return undefined;
  return (JSON.parse(readFileSync(file, 'utf8')) as { libtorch: string }).libtorch;
}

/** The version of libtorch that an addon was compiled with; CMakeLists.txt writes it into the binary. */
function builtVersion(addon: string): string {
  const marker = 'nerbert-libtorch=';
  const binary = readFileSync(addon);
  const start = binary.indexOf(marker);
  if (start < 0) throw addonError(`${addon} does not tell which libtorch it was built with`, [REBUILD]);
  return binary.toString('latin1', start + marker.length, binary.indexOf(';', start));
}
