import test from 'ava';
import { type RunScores, scoreTable, summarise } from '../../../src/cli/run-scores.ts';

const scores = (f1: number, epoch = 2): RunScores => ({
  epoch,
  precision: f1,
  recall: f1,
  f1,
  wordF1: f1 / 2,
  loss: 1 - f1,
});

test('mean and standard deviation are NumPy’s, with ddof=1', t => {
  // np.mean and np.std(ddof=1) of [0.6721, 0.6690, 0.6700]
  const { mean, std } = summarise([scores(0.6721), scores(0.669), scores(0.67, 3)]);
  t.true(Math.abs(mean.f1 - 0.6703666666666667) < 1e-15);
  t.true(Math.abs((std?.f1 ?? 0) - 0.0015821925715074) < 1e-15);
  t.true(Math.abs(mean.epoch - 7 / 3) < 1e-15);
  t.is(summarise([scores(0.5)]).std, undefined);
});

test('a table has the scores that there are, and says why a run has none', t => {
  const table = scoreTable('seed', [
    ['1', { ...scores(0.25), testF1: 0.125 }],
    ['10', { ...scores(0.5), testF1: 0.0625 }],
    ['3', 'diverged'],
  ]);
  t.deepEqual(table.split('\n'), [
    'seed  epoch  precision  recall      F1  words F1    loss  test F1',
    '1         2     0.2500  0.2500  0.2500    0.1250  0.7500   0.1250',
    '10        2     0.5000  0.5000  0.5000    0.2500  0.5000   0.0625',
    '3: diverged',
  ]);
});
