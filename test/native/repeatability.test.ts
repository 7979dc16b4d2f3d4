import { availableParallelism } from 'node:os';
import test from 'ava';
import { answerOf } from '../support/child.ts';
import { relativeDifference } from '../support/numbers.ts';

/** Losses of a new process. Threads that wait sleep: on a busy machine, spinning ones would slow each other down. */
const lossesWith = (threads: number) =>
  answerOf<{ threads: number; losses: number[] }>('native/children/losses.ts', {
    env: { OMP_NUM_THREADS: `${threads}`, OMP_WAIT_POLICY: 'passive' },
  });

const one = lossesWith(1);
const two = lossesWith(2);

for (const [threads, first] of [one, two].entries()) {
  test(`two processes with ${threads + 1} threads compute the same losses bit for bit`, async t => {
    t.is((await first).losses.length, 10);
    t.deepEqual(await lossesWith(threads + 1), await first);
  });
}

test('masks do not depend on the number of threads', async t => {
  t.is((await two).threads, Math.min(2, availableParallelism()));
  const { losses } = await one;
  // Another mask would show in the second digit; sums in another order show in the seventh.
  for (const [i, loss] of (await two).losses.entries()) {
    t.true(relativeDifference(loss, losses[i] ?? Number.NaN) <= 1e-5, `loss ${i}`);
  }
});
