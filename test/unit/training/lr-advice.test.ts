import test from 'ava';
import { adviceOf, agrees } from '../../../src/training/lr-advice.ts';
import type { LRHistory } from '../../../src/training/lr-suggestion.ts';

const all = { skipStart: 0, skipEnd: 0 };

/** Flat but for a fall between iterations `at` and `at + 1` of ten, whose rates are 1e-6, 1e-5, … */
function fallingAt(at: number): LRHistory {
  return {
    lr: Array.from({ length: 10 }, (_, i) => Number(`1e${i - 6}`)),
    loss: Array.from({ length: 10 }, (_, i) => (i <= at ? 2 : 1) + i * 1e-9),
  };
}

test('several runs give the median of their logarithms and how far they are apart', t => {
  const { steepest, valley, suggested } = adviceOf([fallingAt(1), fallingAt(3), fallingAt(2)], all);
  t.deepEqual(steepest, { median: 1e-4, low: 1e-5, high: 1e-3, runs: 3 });
  t.deepEqual(
    suggested,
    valley && {
      ...valley,
      low: Math.min(1e-5, valley.low),
      high: Math.max(1e-3, valley.high),
    },
  );

  const even = adviceOf([fallingAt(1), fallingAt(2)], all);
  t.true(Math.abs((even.steepest?.median ?? 0) / 10 ** -4.5 - 1) < 1e-12);
});

test('suggestions agree within a factor of ten; those of one run do not tell', t => {
  const spread = { median: 2e-5, low: 1e-5, high: 9e-5, runs: 3 };
  t.true(agrees(spread));
  t.false(agrees({ ...spread, high: 2e-4 }));
  t.false(agrees({ ...spread, runs: 1 }));
});

test('runs that are too short, or whose loss never falls, suggest nothing', t => {
  const rising: LRHistory = { lr: [1, 2, 3], loss: [1, 2, 3] };
  const short: LRHistory = { lr: [1, 2, 3], loss: [3, 2, 1] };
  const nothing = { steepest: undefined, valley: undefined, suggested: undefined };
  t.deepEqual(adviceOf([rising, { lr: [], loss: [] }], all), nothing);
  t.deepEqual(adviceOf([short], { skipStart: 10, skipEnd: 5 }), nothing);
  t.is(adviceOf([rising, short], all).steepest?.runs, 1);
});
