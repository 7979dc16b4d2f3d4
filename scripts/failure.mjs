// @ts-check

/** Something that keeps nerbert from being installed, with what to do about it. */
export class InstallError extends Error {
  /**
   * @param {string} message what is missing or wrong
   * @param {string[]} remedies each one sufficient
   * @param {ErrorOptions} [options]
   */
  constructor(message, remedies, options) {
    super(message, options);
    this.name = 'InstallError';
    this.remedies = remedies;
  }
}

/**
 * @param {string} line
 * @returns {void}
 */
export function say(line) {
  console.log(`nerbert: ${line}`);
}

/** @param {unknown} error */
export const codeOf = error =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

/**
 * The text that ends a failed install: no stack trace where the cause is known.
 * @param {unknown} error
 */
export function describeFailure(error) {
  if (codeOf(error) === 'ENOSPC') return describeFailure(diskFull(error));
  if (!(error instanceof InstallError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return `\nnerbert could not be installed, for a reason that the script does not know:\n\n${text}`;
  }
  const remedies = error.remedies.map(remedy => `  - ${remedy}`).join('\n');
  return `\nnerbert could not be installed: ${error.message}\n\nWhat to do${error.remedies.length > 1 ? ' (one of these)' : ''}:\n${remedies}`;
}

/**
 * @param {unknown} cause
 * @param {string} [folder] that was being filled
 */
export function diskFull(cause, folder) {
  return new InstallError(
    folder ? `the disk that holds ${folder} is full` : 'the disk is full',
    [
      'free some space: while it is unpacked, libtorch takes about 1 GB, with CUDA up to 10 GB',
      'set NERBERT_CACHE to a folder on a larger disk',
    ],
    { cause },
  );
}

/**
 * Runs a script's main function; a failure is told last, and the process ends with 1.
 * @param {() => void | Promise<void>} main
 */
export async function runScript(main) {
  try {
    await main();
  } catch (error) {
    console.error(describeFailure(error));
    process.exitCode = 1;
  }
}
