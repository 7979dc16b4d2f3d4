// @ts-check
import { InstallError } from '../failure.mjs';

/** The libtorch that is fetched where none is found. */
const PINNED_VERSION = '2.13.0';

/** SHA-256 of PyTorch's archives libtorch-shared-with-deps-<version>+cpu.zip; wheels are verified by pip. */
export const ARCHIVE_SHA256 = new Map([
  ['2.13.0', 'edbf4cbed78433d803e90a65f1752e57783d164bce66c95c0872b2ab8f5c159e'],
]);

/** The minor versions of libtorch 2 that nerbert builds against, both included. */
const FIRST_MINOR = 11;
const LAST_MINOR = 14;

export const SUPPORTED_RANGE = `2.${FIRST_MINOR} to 2.${LAST_MINOR}`;

/** @param {string} version such as 2.13.0 */
export function isSupported(version) {
  const [major, minor] = version.split('.').map(Number);
  return major === 2 && minor !== undefined && minor >= FIRST_MINOR && minor <= LAST_MINOR;
}

/**
 * The version to fetch: NERBERT_TORCH_VERSION, else the pinned one.
 * @param {NodeJS.ProcessEnv} env
 */
export function wantedVersion(env) {
  const version = env.NERBERT_TORCH_VERSION || PINNED_VERSION;
  if (/^\d+\.\d+\.\d+$/.test(version) && isSupported(version)) return version;
  throw new InstallError(
    `NERBERT_TORCH_VERSION is ${JSON.stringify(version)}, but nerbert needs libtorch ${SUPPORTED_RANGE}, written like ${PINNED_VERSION}`,
    ['unset NERBERT_TORCH_VERSION, or set it to a supported version'],
  );
}

/**
 * The part of a version within which libtorch's C++ ABI stays: 2.13 of 2.13.0.
 * @param {string} version
 */
export const minorOf = version => version.split('.').slice(0, 2).join('.');
