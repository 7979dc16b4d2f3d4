import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import test from 'ava';
import { answerOf } from '../support/child.ts';
import { fixture } from '../support/shared.ts';

const golden: { loss: number } = JSON.parse(readFileSync(fixture('goldens', 'forward.json'), 'utf8'));

for (const threads of [1, 2]) {
  test(`with ${threads} threads a batch of many sequences gives the numbers of PyTorch, in order`, async t => {
    const answer = await answerOf<{
      threads: number;
      logits: number;
      hiddenStates: number[];
      loss: number;
      predictions: number;
      labelledLoss: number;
      labelledPieces: [weight: number, predicted: number, expected: number];
    }>('native/children/shared-evaluation.ts', {
      env: { OMP_NUM_THREADS: `${threads}`, OMP_WAIT_POLICY: 'passive' },
    });
    t.is(answer.threads, Math.min(threads, availableParallelism()));
    t.true(answer.logits <= 1e-5, `logits: ${answer.logits}`);
    t.is(answer.hiddenStates.length, 3);
    t.true(answer.hiddenStates.every(difference => difference <= 1e-5));
    t.is(answer.predictions, 0);
    const [weight, predicted, expected] = answer.labelledPieces;
    t.deepEqual([weight, predicted], [expected, expected]);
    for (const loss of [answer.loss, answer.labelledLoss]) t.true(Math.abs(loss - golden.loss) <= 1e-6);
  });
}
