import test from 'ava';
import { OptionError } from '../../../src/errors.ts';
import { displayWidth } from '../../../src/evaluation/display-width.ts';
import { formatMistakes, MistakeTables } from '../../../src/evaluation/mistakes.ts';

const RIGHT = { words: ['The', 'end'], labels: ['O', 'O'], predictions: ['O', 'O'] };
const CELLS = {
  words: ['estrogen', 'receptor', 'cells'],
  labels: ['B-cell_type', 'I-cell_type', 'I-cell_type'],
  predictions: ['B-cell_type', 'I-cell_type', 'O'],
};
const GENE = { words: ['p53', '.'], labels: ['B-DNA', 'O'], predictions: ['B-protein', 'O'] };

test('sentences with a mistake are printed whole, in aligned columns, a blank line between them', t => {
  t.is(
    formatMistakes([RIGHT, CELLS, RIGHT, GENE]),
    [
      'TOKEN     LABEL        PRED',
      'estrogen  B-cell_type  B-cell_type',
      'receptor  I-cell_type  I-cell_type',
      'cells     I-cell_type  O',
      '',
      'TOKEN  LABEL  PRED',
      'p53    B-DNA  B-protein',
      '.      O      O',
    ].join('\n'),
  );
});

test('without a mistake there is nothing to print', t => {
  t.is(formatMistakes([RIGHT, { words: [], labels: [], predictions: [] }]), '');
});

test('maxMistakes limits the sentences', t => {
  t.is(formatMistakes([CELLS, GENE], { maxMistakes: 1 }), formatMistakes([CELLS]));
  t.is(formatMistakes([CELLS], { maxMistakes: 0 }), '');
});

test('tables come sentence by sentence', t => {
  const tables = new MistakeTables({ maxMistakes: 2 });
  t.is(tables.next(GENE)[0], 'TOKEN  LABEL  PRED');
  t.deepEqual(tables.next(RIGHT), []);
  t.is(tables.next(GENE)[0], '');
  t.deepEqual(tables.next(GENE), []);
});

test('columns align under wide and combining characters', t => {
  const words = ['蛋白質', 'e\u0301te\u0301', 'x'];
  const labels = ['B-protein', 'O', 'O'];
  const lines = formatMistakes([{ words, labels, predictions: ['O', 'O', 'O'] }]).split('\n');
  t.deepEqual(lines.slice(1), [
    '蛋白質  B-protein  O',
    'e\u0301te\u0301     O          O',
    'x       O          O',
  ]);
});

const widths: [text: string, columns: number][] = [
  ['', 0],
  ['kappaB', 6],
  ['κB', 2],
  ['é', 1],
  ['e\u0301', 1],
  ['細胞', 4],
  ['ｋＢ', 4],
  ['한글', 4],
  ['\u1112\u1161\u11ab', 2],
  ['カ\u3099', 2],
  ['a\u200bb', 2],
  ['😀', 2],
  ['👩\u200d🔬', 2],
  ['❤\ufe0f', 2],
  ['±', 1],
];
for (const [text, columns] of widths) {
  test(`${JSON.stringify(text)} takes ${columns} columns`, t => t.is(displayWidth(text), columns));
}

test('refuses sentences and limits that make no sense', t => {
  t.throws(() => formatMistakes([{ ...GENE, predictions: ['O'] }]), {
    instanceOf: OptionError,
    message: /2 words, 2 labels, 1 predictions/,
  });
  for (const maxMistakes of [-1, 1.5]) {
    t.throws(() => formatMistakes([], { maxMistakes }), { instanceOf: OptionError, message: /maxMistakes/ });
  }
});
