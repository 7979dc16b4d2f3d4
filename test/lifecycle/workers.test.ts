import test from 'ava';
import { answerOf, runChild } from '../support/child.ts';

/** How a worker thread ends, its exit code, and how often it is tried in one process. */
const ways: [way: string, code: number, times: number][] = [
  ['undisposed', 0, 2],
  ['exit during a step', 7, 2],
  ['exception during a step', 1, 2],
  ['terminated', 1, 3],
  ['terminated under traffic', 1, 8],
  ['terminated while opening models', 1, 4],
];

for (const [way, code, times] of ways) {
  test(`a worker thread ends without harm to the others: ${way}`, async t => {
    const result = await runChild('lifecycle/children/end-of-worker.ts', { args: [way, `${times}`] });
    const message = way.startsWith('exception') ? 'thrown on purpose\n' : '';
    t.deepEqual(result, {
      code: 0,
      signal: null,
      stdout: `${`${message}worker ended with code ${code}\n`.repeat(times)}main thread is well\n`,
      stderr: '',
    });
  });
}

test('a process ends cleanly while worker threads are busy', async t => {
  const result = await runChild('lifecycle/children/end-of-worker.ts', { args: ['process exits'] });
  t.deepEqual(result, { code: 5, signal: null, stdout: '', stderr: '' });
});

test('several worker threads at once compute what one thread computes', async t => {
  const { workers, main } = await answerOf<{ workers: number[][]; main: number[] }>(
    'lifecycle/children/workers-at-once.ts',
  );
  t.is(main.length, 10);
  t.deepEqual(workers, [main, main, main]);
});
