import test, { type ExecutionContext } from 'ava';
import { OptionError } from '../../../src/errors.ts';
import { EntityCounts } from '../../../src/evaluation/entity-counts.ts';
import { type EntityScores, entityScores, entityScoresOf } from '../../../src/evaluation/entity-scores.ts';
import { type GoldenEntityScores, goldenCases, isClose, isError, optionsOf, rowsAgree } from './goldens.ts';

function scoresAgree(t: ExecutionContext, compute: () => EntityScores, golden: GoldenEntityScores): void {
  if (isError(golden.report_dict)) {
    t.throws(compute, { instanceOf: OptionError });
    return;
  }
  const { perType, micro, macro, weighted } = compute();
  rowsAgree(
    t,
    { ...perType, 'micro avg': micro, 'macro avg': macro, 'weighted avg': weighted },
    golden.report_dict,
  );
}

/** The values of seqeval's precision_score, recall_score and f1_score. */
function averagesAgree(t: ExecutionContext, scores: EntityScores, golden: GoldenEntityScores): void {
  for (const name of ['precision', 'recall', 'f1'] as const) {
    const { micro, macro, weighted, per_type } = golden[name];
    for (const [average, value] of Object.entries({ micro, macro, weighted })) {
      const actual = scores[average as 'micro' | 'macro' | 'weighted'][name];
      t.true(!isError(value) && isClose(actual, value), `${average} ${name}: ${actual}`);
    }
    const types = Object.values(scores.perType);
    t.is(types.length, isError(per_type) ? -1 : per_type.length);
    t.true(types.every((score, i) => !isError(per_type) && isClose(score[name], per_type[i] ?? 'NaN')));
  }
}

for (const golden of goldenCases) {
  const { name, y_true, y_pred, strict } = golden;
  const options = optionsOf(golden);

  test(`seqeval: ${name}`, t => {
    const compute = () => entityScores(y_true, y_pred, options);
    scoresAgree(t, compute, golden.default);
    if (!isError(golden.default.report_dict)) averagesAgree(t, compute(), golden.default);
  });

  test(`seqeval, strict: ${name}`, t => {
    const compute = () => entityScores(y_true, y_pred, { ...options, mode: 'strict', scheme: strict.scheme });
    scoresAgree(t, compute, strict);
    // Without a scheme seqeval's single scores are not strict, its report is.
    if (strict.scheme !== null && !isError(strict.report_dict)) averagesAgree(t, compute(), strict);
  });
}

test('outside strict mode the scheme has no effect', t => {
  const [yTrue, yPred] = [[['B-a', 'I-a']], [['I-a', 'I-a']]];
  t.deepEqual(entityScores(yTrue, yPred, { scheme: 'IOBES' }), entityScores(yTrue, yPred));
});

test('types stand in the order of code points', t => {
  const tags = ['B-b', 'B-\u{10000}', 'B-\ufffd', 'B-B', 'B-é'];
  t.deepEqual(Object.keys(entityScores([tags], [tags]).perType), ['B', 'b', 'é', '\ufffd', '\u{10000}']);
});

test('counting sentence by sentence gives the same scores', t => {
  const golden = goldenCases.find(({ name }) => name === 'random 13 (noisy 0.3)');
  t.truthy(golden);
  const { y_true = [], y_pred = [] } = golden ?? {};
  const counts = new EntityCounts();
  for (const [i, tags] of y_true.entries()) counts.add(tags, y_pred[i] ?? []);
  t.deepEqual(entityScoresOf(counts), entityScores(y_true, y_pred));
});

test('a sentence that is refused is not counted', t => {
  const [counts, untouched] = [new EntityCounts(), new EntityCounts()];
  for (const each of [counts, untouched]) each.add(['B-a', 'I-a'], ['B-a', 'O']);
  t.throws(() => counts.add(['B-a'], ['']), { instanceOf: OptionError, message: /yPred\[1\]\[0\]/ });
  t.throws(() => counts.add(['B-a'], ['B-a', 'O']), { instanceOf: OptionError, message: /yPred\[1\]/ });
  for (const each of [counts, untouched]) each.add(['B-b'], ['B-b']);
  t.deepEqual(entityScoresOf(counts), entityScoresOf(untouched));
});

test('refuses options and arguments that it cannot use', t => {
  const tags = [['B-a']];
  const refused: [compute: () => unknown, message: RegExp][] = [
    [() => entityScores(['B-a'] as never, tags), /array of sentences.* for yTrue but/],
    [() => entityScores(tags, 'B-a' as never), /array of sentences.* for yPred but/],
    [() => entityScores([], []), /at least one sentence/],
    [() => entityScores(tags, []), /1 sentences.* for yPred but received 0/],
    [() => entityScores([['O', 'O']], [['O']]), /2 tags.* for yPred\[0\] but received 1/],
    [() => entityScores(tags, tags, { mode: 'lenient' as never }), /mode but received "lenient"/],
    [() => entityScores(tags, tags, { mode: 'strict', scheme: 'IOB' as never }), /scheme but received "IOB"/],
    [() => entityScores(tags, tags, { zeroDivision: 2 as never }), /0 or 1 for zeroDivision but received 2/],
    [() => entityScores(tags, tags, { suffix: 'yes' as never }), /suffix but received "yes"/],
    [() => entityScores(tags, tags, { average: 'micro' } as never), /received "average"/],
    [() => entityScores(tags, [['E-a']], { mode: 'strict', scheme: 'IOB2' }), /IOB2.* for yPred\[0\]\[0\]/],
    [() => new EntityCounts({ mode: 'strict' }), /scheme but received undefined/],
  ];
  for (const [compute, message] of refused) t.throws(compute, { instanceOf: OptionError, message });
});
