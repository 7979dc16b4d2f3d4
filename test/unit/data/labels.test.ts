import test from 'ava';
import { getLabels } from '../../../src/data/labels.ts';
import { OptionError } from '../../../src/errors.ts';

test('labels are numbered in the order of their code points and counted', t => {
  const { labels2ind, labelsCount } = getLabels([
    { words: ['a', 'b', 'c'], labels: ['O', 'B-protein', 'I-protein'] },
    { words: ['d', 'e'], labels: ['B-DNA', 'O'] },
  ]);
  t.deepEqual(labels2ind, { 'B-DNA': 0, 'B-protein': 1, 'I-protein': 2, O: 3 });
  t.deepEqual(labelsCount, { 'B-DNA': 1, 'B-protein': 1, 'I-protein': 1, O: 2 });
});

test('the order of the sentences does not matter', t => {
  const samples = ['B-b', 'O', 'B-a', 'I-a'].map(label => ({ words: ['w'], labels: [label] }));
  t.deepEqual(getLabels(samples), getLabels(samples.toReversed()));
});

test('code points, not UTF-16 units, make the order', t => {
  const samples = [{ words: ['a', 'b'], labels: ['B-\u{1F9EC}', 'B-\uFF21'] }];
  t.deepEqual(Object.keys(getLabels(samples).labels2ind), ['B-\uFF21', 'B-\u{1F9EC}']);
});

test('no sentences have no labels', t => {
  t.deepEqual(getLabels([]), { labels2ind: {}, labelsCount: {} });
});

test('refuses what are no sentences', t => {
  const refused = (samples: unknown, message: RegExp) =>
    t.throws(() => getLabels(samples as never), { instanceOf: OptionError, message });
  refused('train.iob2', /Expected an array of \{ words, labels \} for samples but received "train.iob2"/);
  refused([{ words: ['a'] }], /samples\[0\]/);
  refused(
    [
      { words: [], labels: [] },
      { words: ['a', 'b'], labels: ['O'] },
    ],
    /as many labels as words for samples\[1\]/,
  );
});
