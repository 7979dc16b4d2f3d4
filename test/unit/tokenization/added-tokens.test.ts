import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { AutoTokenizer } from '../../../src/tokenization/auto-tokenizer.ts';
import type { BertTokenizer } from '../../../src/tokenization/bert-tokenizer.ts';
import { goldenFolder, readJson } from '../../support/tokenizer-goldens.ts';

/* Expected: Python's tokenizers 0.23.2 on the same file, but that its text of a piece has the white space of lstrip. */

let tokenizer: BertTokenizer;
let folder: string;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nerbert-added-'));
  const json = readJson(join(goldenFolder, 'tokenizer.json'));
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };
  json.added_tokens.push(
    { ...plain, id: 400, content: 'GENE-A', normalized: true },
    { ...plain, id: 401, content: '<e>', single_word: true },
    { ...plain, id: 402, content: '<l>', lstrip: true },
    { ...plain, id: 403, content: '<e>x', special: true },
  );
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(json));
  tokenizer = await AutoTokenizer.fromPretrained(folder);
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

const cases: [string, string, string[], [number, number][], number[]][] = [
  [
    'a special token',
    'a[MASK]b c',
    ['a', '[MASK]', 'b', 'c'],
    [
      [0, 1],
      [1, 7],
      [7, 8],
      [9, 10],
    ],
    [0, 1, 2, 3],
  ],
  [
    'special tokens between characters without pieces',
    'IL-2 kappa [MASK] \u200b [MASK]',
    ['IL', '-', '2', 'kappa', '[MASK]', '[MASK]'],
    [
      [0, 2],
      [2, 3],
      [3, 4],
      [5, 10],
      [11, 17],
      [20, 26],
    ],
    [0, 1, 2, 3, 4, 5],
  ],
  [
    'a token sought in normalised text',
    'a GENE-Ax',
    ['a', 'GENE-A', 'x'],
    [
      [0, 1],
      [2, 8],
      [8, 9],
    ],
    [0, 1, 2],
  ],
  ['the same with a character that is dropped', 'GE\u200bNE-A', ['GENE-A'], [[0, 7]], [0]],
  [
    'a token that must stand alone',
    'a<e>b',
    ['a', '<', 'e', '>', 'b'],
    [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
    ],
    [0, 1, 2, 3, 4],
  ],
  [
    'a token that stands alone',
    'b <e> c',
    ['b', '<e>', 'c'],
    [
      [0, 1],
      [2, 5],
      [6, 7],
    ],
    [0, 1, 2],
  ],
  [
    'white space that belongs to a token',
    'a  <l> b',
    ['a', '<l>', 'b'],
    [
      [0, 1],
      [1, 6],
      [7, 8],
    ],
    [0, 1, 2],
  ],
  [
    'the longer of two tokens',
    '- <e>x',
    ['-', '<e>x'],
    [
      [0, 1],
      [2, 6],
    ],
    [0, 1],
  ],
];

for (const [name, text, pieces, offsets, wordIds] of cases) {
  test(name, t => {
    const { ids, ...encoding } = tokenizer.encode(text, { addSpecialTokens: false });
    t.deepEqual(encoding, { pieces, offsets, wordIds });
    t.deepEqual(tokenizer.convertIdsToTokens(ids), pieces);
  });
}

test('added tokens count among the ids', t => {
  t.is(tokenizer.vocabSize, 404);
  t.deepEqual(tokenizer.convertIdsToTokens([400, 403]), ['GENE-A', '<e>x']);
});

test('added tokens survive saving', async t => {
  const saved = join(folder, 'saved');
  await tokenizer.savePretrained(saved);
  const again = await AutoTokenizer.fromPretrained(saved);
  for (const [name, text] of cases) t.deepEqual(again.encode(text), tokenizer.encode(text), name);
  t.is(again.vocabSize, 404);
});
