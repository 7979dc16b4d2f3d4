import { exitCodeOf, explain } from '../../../../src/cli/failure.ts';
import { interruptible } from '../../../../src/cli/interruption.ts';

// Work that heeds the abort signal once SIGINT and SIGTERM have both come (`orderly`), or never (`deaf`).

const orderly = process.argv[2] === 'orderly';
let signals = 0;
try {
  await interruptible(async signal => {
    const work = setInterval(() => {}, 1000);
    const stopped = new Promise((_, reject) => {
      for (const name of ['SIGINT', 'SIGTERM']) {
        process.on(name, () => {
          if (++signals === 2 && orderly) reject(signal.reason);
        });
      }
    });
    process.stdout.write('ready\n');
    await stopped.finally(() => clearInterval(work));
  });
} catch (error) {
  process.stdout.write(`${explain(error)}\n`);
  process.exitCode = exitCodeOf(error);
}
