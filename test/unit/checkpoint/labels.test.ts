import test from 'ava';
import { type LabelOptions, label2idOf, resolveLabels } from '../../../src/checkpoint/labels.ts';
import { OptionError } from '../../../src/errors.ts';

const stored = ['O', 'B-x', 'I-x'];

test('without options the checkpoint keeps its labels', t => {
  t.deepEqual(resolveLabels(stored, {}), stored);
});

test('a number that agrees keeps them, another gives unnamed ones', t => {
  t.deepEqual(resolveLabels(stored, { numLabels: 3 }), stored);
  t.deepEqual(resolveLabels(stored, { numLabels: 2 }), ['LABEL_0', 'LABEL_1']);
  t.deepEqual(resolveLabels([], { numLabels: 1 }), ['LABEL_0']);
});

test('id2label wins over the checkpoint, as a list or a record', t => {
  t.deepEqual(resolveLabels(stored, { id2label: ['O', 'B-y'] }), ['O', 'B-y']);
  t.deepEqual(resolveLabels([], { id2label: { 1: 'B-y', 0: 'O' }, numLabels: 2 }), ['O', 'B-y']);
});

const refused: [string, readonly string[], LabelOptions, RegExp][] = [
  [
    'no labels anywhere',
    [],
    {},
    /the labels of the task, because the checkpoint has none.*Give id2label or numLabels/,
  ],
  [
    'a contradiction',
    stored,
    { id2label: ['O', 'B-y'], numLabels: 3 },
    /2, the number of labels in id2label/,
  ],
  ['zero labels', stored, { numLabels: 0 }, /integer of at least 1 for numLabels but received 0/],
  [
    'a gap',
    stored,
    { id2label: { 0: 'O', 2: 'B-y' } },
    /without a gap for id2label but received "no label 1"/,
  ],
  ['an empty list', stored, { id2label: [] }, /at least one label/],
  ['a label twice', stored, { id2label: ['O', 'B-y', 'O'] }, /differ from each other .*received "O"/],
];

for (const [what, labels, options, message] of refused) {
  test(`refuses ${what}`, t => {
    t.throws(() => resolveLabels(labels, options), { instanceOf: OptionError, message });
  });
}

test('label ids are right for labels named like properties', t => {
  t.deepEqual(Object.entries(label2idOf(['__proto__', 'constructor'])), [
    ['__proto__', 0],
    ['constructor', 1],
  ]);
});
