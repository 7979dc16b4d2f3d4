const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

type Signal = keyof typeof exitCodes;

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
 * second signal ends the process at once.
 */
export async function interruptible<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const stop = (name: Signal): void => {
    if (controller.signal.aborted) process.exit(exitCodes[name]);
    process.stderr.write('\nnerbert: finishing the current step; once more to end at once\n');
    controller.abort(new Interruption(name));
  };
  const names = Object.keys(exitCodes) as Signal[];
  for (const name of names) process.on(name, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of names) process.off(name, stop);
  }
}
