import test from 'ava';
import { OptionError } from '../../../src/errors.ts';
import { getEntities } from '../../../src/evaluation/entities.ts';
import { goldenCases } from './goldens.ts';

for (const { name, y_true, y_pred, options, entities_true, entities_pred } of goldenCases) {
  test(`seqeval: ${name}`, t => {
    const { suffix = false } = options;
    t.deepEqual(getEntities(y_true, { suffix }), entities_true);
    t.deepEqual(getEntities(y_pred, { suffix }), entities_pred);
  });
}

// What seqeval 1.2.2 answers, found by calling it.
test('seqeval: a flat list', t => {
  t.deepEqual(getEntities(['B-PER', 'I-PER', 'O', 'B-LOC']), [
    ['PER', 0, 1],
    ['LOC', 3, 3],
  ]);
});

test('seqeval: types are cut at the first hyphen, or with suffix at the last', t => {
  t.deepEqual(getEntities(['B-cell-line']), [['cell-line', 0, 0]]);
  t.deepEqual(getEntities(['Bcell']), [['cell', 0, 0]]);
  t.deepEqual(getEntities(['cell-line-B'], { suffix: true }), [['cell-line', 0, 0]]);
});

test('seqeval: a prefix is a code point, not a UTF-16 unit', t => {
  t.deepEqual(getEntities(['𐀀x']), [['x', 0, 0]]);
  t.deepEqual(getEntities(['x𐀀'], { suffix: true }), [['x', 0, 0]]);
});

test('seqeval: a tag of no scheme looks back over the end of a sentence', t => {
  t.deepEqual(getEntities([['B-a'], ['X', 'X-b']]), [
    ['a', 0, 0],
    ['_', 0, 2],
    ['b', 3, 3],
  ]);
});

test('refuses what is no tag, naming its place', t => {
  const refused: [tags: unknown, message: RegExp][] = [
    ['B-a', /array of tags or of sentences for tags but received "B-a"/],
    [['O', 7], /non-empty tag for tags\[1\] but received 7/],
    [['O', ''], /non-empty tag for tags\[1\] but received ""/],
    [[['O'], ['O', null]], /non-empty tag for tags\[1\]\[1\] but received null/],
    [[['O'], 'O'], /array of tags for tags\[1\] but received "O"/],
  ];
  for (const [tags, message] of refused) {
    t.throws(() => getEntities(tags as string[]), { instanceOf: OptionError, message });
  }
});
