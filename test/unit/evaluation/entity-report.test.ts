import test from 'ava';
import { OptionError } from '../../../src/errors.ts';
import { EntityCounts } from '../../../src/evaluation/entity-counts.ts';
import { entityReport, formatEntityReport } from '../../../src/evaluation/entity-report.ts';
import { entityScoresOf } from '../../../src/evaluation/entity-scores.ts';
import { agrees, goldenCases, optionsOf } from './goldens.ts';

for (const golden of goldenCases) {
  const { name, y_true, y_pred, strict } = golden;
  const options = optionsOf(golden);
  test(`seqeval: ${name}`, t => {
    agrees(t, () => entityReport(y_true, y_pred, options), golden.default.report);
  });
  test(`seqeval, strict: ${name}`, t => {
    const strictOptions = { ...options, mode: 'strict', scheme: strict.scheme } as const;
    agrees(t, () => entityReport(y_true, y_pred, strictOptions), strict.report);
  });
}

// What seqeval 1.2.2 prints.
test('seqeval: two digits unless told, types in the order of code points, padded by code points', t => {
  const yTrue = [['B-10', 'B-9', 'B-\u{10000}\u{10000}_longer_than', 'O']];
  const yPred = [['B-10', 'O', 'B-\u{10000}\u{10000}_longer_than', 'O']];
  t.is(
    entityReport(yTrue, yPred),
    [
      '                precision    recall  f1-score   support',
      '',
      '            10       1.00      1.00      1.00         1',
      '             9       0.00      0.00      0.00         1',
      '𐀀𐀀_longer_than       1.00      1.00      1.00         1',
      '',
      '     micro avg       1.00      0.67      0.80         3',
      '     macro avg       0.67      0.67      0.67         3',
      '  weighted avg       0.67      0.67      0.67         3',
      '',
    ].join('\n'),
  );
});

test('scores without any entity can still be printed', t => {
  const counts = new EntityCounts();
  counts.add(['O'], ['O']);
  t.regex(formatEntityReport(entityScoresOf(counts)), /micro avg +0\.00 +0\.00 +0\.00 +0\n/);
});

test('refuses options that it cannot use', t => {
  const tags = [['B-a']];
  for (const options of [{ digits: -1 }, { digits: 1.5 }, { digits: 101 }, { decimals: 2 }]) {
    t.throws(() => entityReport(tags, tags, options as never), { instanceOf: OptionError });
  }
});
