import test from 'ava';
import { loadNative } from '../../src/engine/native.ts';
import { NativeError } from '../../src/errors.ts';
import { answerOf } from '../support/child.ts';
import { smallModel } from './children/models.ts';

/**
 * What a round leaves behind, rounds to warm up, rounds measured, and the growth in MB that is allowed in these. A
 * fifth of the models kept alive would exceed it.
 */
const cases: [round: string, warmUp: number, rounds: number, growth: number][] = [
  ['disposed', 50, 200, 10],
  ['disposed while busy', 50, 200, 10],
  ['refused', 100, 400, 10],
  ['collected', 20, 60, 150],
];

for (const [round, warmUp, rounds, allowed] of cases) {
  test(`memory is steady over ${rounds} rounds: ${round}`, async t => {
    const { growth } = await answerOf<{ growth: number }>('lifecycle/children/memory.ts', {
      args: [round, `${warmUp}`, `${rounds}`],
      nodeOptions: ['--expose-gc'],
    });
    t.true(growth < allowed, `grew by ${growth} MB`);
  });
}

test('what does not fit into memory is refused, the model stays well, and training halves its batches', async t => {
  const answers = await answerOf<Record<string, unknown> | null>('lifecycle/children/out-of-memory.ts');
  if (answers === null) {
    t.log('skipped: no prlimit here');
    t.pass();
    return;
  }
  const refused = 'NativeError ERR_OUT_OF_MEMORY';
  const { training, ...others } = answers;
  t.deepEqual(others, { model: refused, forward: refused, step: refused, unchanged: true });
  const told = training as unknown[];
  t.deepEqual([told[0], told.at(-1)], ['2 parts of 8', true], 'the loss is that of the whole batch');
});

const withoutGpu = () => loadNative().runtimeInfo().cudaDevices === 0;

(withoutGpu() ? test : test.skip)('cuda without a usable GPU is refused with the remedy', async t => {
  const expected = { instanceOf: NativeError, code: 'ERR_DEVICE' };
  await t.throwsAsync(smallModel({ device: 'cuda' }), {
    ...expected,
    message: /CUDA.*or choose the device "cpu"/,
  });
  await t.throwsAsync(smallModel({ device: 'cuda:7' }), expected);
});
