/** What decides whether libtorch runs on a machine. */
export interface Machine {
  platform: string;
  arch: string;
  /** Undefined with another C library, such as musl. */
  glibc: string | undefined;
}

/** What a folder of libtorch turns out to be. */
export interface InspectedLibtorch {
  root: string;
  /** Such as 2.13.0. */
  version: string;
  /** Such as 2.13.0+cu130. */
  build: string;
  cuda: boolean;
}

/** What an addon was compiled from. */
export interface AddonOrigin {
  /** Version of libtorch. */
  libtorch: string;
  /** As `hashSources` gives it. */
  sources: string;
}

/** The functions of scripts/ that `doctor` asks as well. */
export interface InstallScripts {
  thisMachine(): Machine;
  /** @throws an error with remedies */
  checkMachine(machine: Machine): void;
  older(a: string, b: string): boolean;
  /** @throws an error with remedies */
  inspectLibtorch(folder: string): InspectedLibtorch;
  readOrigin(addon: string): AddonOrigin | undefined;
  hashSources(): string;
}

/**
 * Loads them: what they found at install is then looked for in the same way. They are plain JavaScript outside src/, where
 * the compiler does not follow, and lie at the same place from src/ and from dist/.
 */
export async function installScripts(): Promise<InstallScripts> {
  const files = ['addon/requirements.mjs', 'libtorch/inspect.mjs', 'addon/release.mjs'];
  const modules = await Promise.all(
    files.map(file => import(new URL(`../../../scripts/${file}`, import.meta.url).href)),
  );
  return Object.assign({}, ...modules);
}
