import test from 'ava';
import { OptionError } from '../../../src/errors.ts';
import { WordCounts } from '../../../src/evaluation/word-counts.ts';
import { wordReport } from '../../../src/evaluation/word-report.ts';
import { wordScores, wordScoresOf } from '../../../src/evaluation/word-scores.ts';
import { agrees, goldenCases, isClose, isError, optionsOf, rowsAgree } from './goldens.ts';

for (const golden of goldenCases) {
  const [yTrue, yPred] = [golden.y_true.flat(), golden.y_pred.flat()];
  const { digits, zeroDivision } = optionsOf(golden);

  test(`scikit-learn, report: ${golden.name}`, t => {
    agrees(t, () => wordReport(yTrue, yPred, { digits, zeroDivision }), golden.sklearn.report);
  });

  test(`scikit-learn, scores: ${golden.name}`, t => {
    const compute = () => wordScores(yTrue, yPred, { zeroDivision });
    const dict = golden.sklearn.report_dict;
    if (isError(dict)) {
      t.throws(compute, { instanceOf: OptionError });
      return;
    }
    const { perTag, weighted, accuracy, ...macro } = compute();
    const { accuracy: goldenAccuracy, ...rows } = dict;
    t.true(isClose(accuracy, goldenAccuracy));
    rowsAgree(t, { ...perTag, 'macro avg': macro, 'weighted avg': weighted }, rows);
  });
}

// What scikit-learn 1.9.1 prints: supports are floats where nothing is right.
test('scikit-learn: no word right', t => {
  t.is(
    wordReport(['a', 'b'], ['b', 'a']),
    [
      '              precision    recall  f1-score   support',
      '',
      '           a       0.00      0.00      0.00       1.0',
      '           b       0.00      0.00      0.00       1.0',
      '',
      '    accuracy                           0.00       2.0',
      '   macro avg       0.00      0.00      0.00       2.0',
      'weighted avg       0.00      0.00      0.00       2.0',
      '',
    ].join('\n'),
  );
});

test('counting sentence by sentence gives the same scores', t => {
  const [yTrue, yPred] = [
    ['O', 'B-a', 'I-a', 'O'],
    ['O', 'B-a', 'O', 'B-a'],
  ];
  const counts = new WordCounts();
  counts.add(yTrue.slice(0, 1), yPred.slice(0, 1));
  counts.add([], []);
  counts.add(yTrue.slice(1), yPred.slice(1));
  t.deepEqual(wordScoresOf(counts), wordScores(yTrue, yPred));
});

test('refuses options and arguments that it cannot use', t => {
  const refused: [compute: () => unknown, message: RegExp][] = [
    [() => wordReport([], []), /at least one word/],
    [() => wordReport(['O'], ['O', 'O']), /1 tags.* for yPred but received 2/],
    [() => wordReport([['O']] as never, [['O']] as never), /a tag for yTrue\[0\] but received \["O"\]/],
    [() => wordReport(['O', 'O'], ['O', 3] as never), /a tag for yPred\[1\] but received 3/],
    [() => wordReport('O' as never, ['O']), /array of tags for yTrue/],
    [() => wordReport(['O'], ['O'], { digits: -1 }), /digits but received -1/],
    [() => wordReport(['O'], ['O'], { zeroDivision: 0.5 as never }), /zeroDivision but received 0.5/],
    [() => wordScores(['O'], ['O'], { labels: ['O'] } as never), /received "labels"/],
  ];
  for (const [compute, message] of refused) t.throws(compute, { instanceOf: OptionError, message });
});
