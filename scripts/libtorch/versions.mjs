// @ts-check

/** The libtorch that is fetched where none is found. */
export const PINNED_VERSION = '2.13.0';

/** The minor versions of libtorch 2 that nerbert builds against, both included. */
const FIRST_MINOR = 11;
const LAST_MINOR = 14;

export const SUPPORTED_RANGE = `2.${FIRST_MINOR} to 2.${LAST_MINOR}`;

/** @param {string} version such as 2.13.0 */
export function isSupported(version) {
  const [major, minor] = version.split('.').map(Number);
  return major === 2 && minor !== undefined && minor >= FIRST_MINOR && minor <= LAST_MINOR;
}

/** What may be mixed: the C++ ABI of libtorch changes between its minor versions. @param {string} version */
export const minorOf = version => version.split('.').slice(0, 2).join('.');
