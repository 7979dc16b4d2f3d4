import test from 'ava';
import { OptionError } from '../../../src/errors.ts';
import { learningRateCurve } from '../../../src/report/learning-rate-curve.ts';

/** Linear warm-up from 0 and decay to 0. */
const schedule = (steps: number, warmup: number, peak: number) =>
  Array.from({ length: steps }, (_, step) =>
    step < warmup ? (peak * step) / warmup : (peak * (steps - step)) / (steps - warmup),
  );

const pointsOf = (learningRates: number[]) =>
  learningRateCurve({ learningRates }).panels[0]?.series[0]?.points;

test('short schedules are drawn whole, steps counted from 1', t => {
  t.deepEqual(pointsOf([0, 2e-5, 1e-5]), [
    { x: 1, y: 0 },
    { x: 2, y: 2e-5 },
    { x: 3, y: 1e-5 },
  ]);
  t.deepEqual(pointsOf([0]), [{ x: 1, y: 0 }]);
});

test('thousands of steps are thinned without losing ends, peaks or order', t => {
  const learningRates = schedule(3500, 350, 5e-5);
  learningRates[2001] = 9e-5;
  learningRates[2002] = 0;
  const points = pointsOf(learningRates) ?? [];
  t.true(points.length <= 802);
  t.deepEqual(points[0], { x: 1, y: 0 });
  t.is(points.at(-1)?.x, 3500);
  t.true(points.some(({ x, y }) => x === 2002 && y === 9e-5));
  t.true(points.some(({ x, y }) => x === 2003 && y === 0));
  t.true(points.some(({ x, y }) => x === 351 && y === 5e-5));
  t.true(points.every(({ x, y }) => learningRates[x - 1] === y));
  t.true(points.every(({ x }, index) => index === 0 || x > (points[index - 1]?.x ?? Infinity)));
});

test('the highest rate is named', t => {
  t.deepEqual(learningRateCurve({ learningRates: schedule(3500, 350, 5e-5) }).notes, [
    'highest: 5e-5 at step 351 of 3,500',
  ]);
  t.deepEqual(learningRateCurve({ learningRates: [0, 0] }).notes, ['highest: 0 at step 1 of 2']);
});

test('no step is refused', t => {
  t.throws(() => learningRateCurve({ learningRates: [] }), {
    instanceOf: OptionError,
    message: /at least one step/,
  });
});
