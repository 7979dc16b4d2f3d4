import { readFileSync } from 'node:fs';
import test from 'ava';
import { OptionError } from '../../../src/errors.ts';
import { suggestLearningRate } from '../../../src/training/lr-suggestion.ts';
import { fixture } from '../../support/shared.ts';

interface ValleyCase {
  name: string;
  lr: number[];
  loss: number[];
  skip_start: number;
  skip_end: number;
  suggested: number;
}

const { valley }: { valley: ValleyCase[] } = JSON.parse(
  readFileSync(fixture('lr-finder', 'golden.json'), 'utf8'),
);

for (const { name, skip_start, skip_end, suggested, ...history } of valley) {
  test(`valley, ${name}: the rate is fastai's`, t => {
    const options = { method: 'valley', skipStart: skip_start, skipEnd: skip_end } as const;
    t.is(suggestLearningRate(history, options), suggested);
  });
}

test('what is skipped plays no part', t => {
  const lr = [1, 2, 3, 4, 5, 6];
  const loss = [9, 6, 4.5, 4, 3.9, 0];
  t.is(suggestLearningRate({ lr, loss }, { skipStart: 0, skipEnd: 0 }), 6);
  t.is(suggestLearningRate({ lr, loss }, { skipStart: 1, skipEnd: 1 }), 2);
});

test('what cannot be used is refused', t => {
  const history = { lr: [1, 2, 3], loss: [3, 2, 1] };
  const refusal = (message: RegExp) => ({ instanceOf: OptionError, message });
  t.throws(() => suggestLearningRate(history), refusal(/at least 17 iterations.* but received 3/));
  t.throws(() => suggestLearningRate(history, { skipStart: -1 }), refusal(/skipStart/));
  t.throws(
    () => suggestLearningRate(history, { method: 'best' as 'valley' }),
    refusal(/"steepest", "valley"/),
  );
  t.throws(() => suggestLearningRate(history, { skip: 1 } as object), refusal(/only the options/));
});
