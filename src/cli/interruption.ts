const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

type Signal = keyof typeof exitCodes;

/** npm passes on the Ctrl-C that its child gets from the terminal anyway: within this time, in ms, two are one. */
const ECHO_MS = 500;

/** Why a command ended before it was done. */
export class Interruption extends Error {
  readonly exitCode: number;

  constructor(signal: Signal) {
    super(signal === 'SIGINT' ? 'nerbert: interrupted' : 'nerbert: terminated');
    this.exitCode = exitCodes[signal];
  }
}

/**
 * Runs work that ends in good order at the first SIGINT or SIGTERM: its abort signal fires with an Interruption. A
 * later signal ends the process at once.
 */
export async function interruptible<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  let first: number | undefined;
  const stop = (name: Signal): void => {
    if (first === undefined) {
      first = performance.now();
      process.stderr.write('\nnerbert: stopping after the current step; once more to stop at once\n');
      controller.abort(new Interruption(name));
    } else if (performance.now() - first > ECHO_MS) {
      process.exit(exitCodes[name]);
    }
  };
  const names = Object.keys(exitCodes) as Signal[];
  for (const name of names) process.on(name, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of names) process.off(name, stop);
  }
}
