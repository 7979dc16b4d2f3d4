import test from 'ava';
import { OptionError } from '../../../src/errors.ts';
import { AutoTokenizer } from '../../../src/tokenization/auto-tokenizer.ts';
import { BertTokenizer } from '../../../src/tokenization/bert-tokenizer.ts';
import { shared, testWith } from '../../support/shared.ts';
import { goldenVocabulary } from '../../support/tokenizer-goldens.ts';

const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'];
const small = [...special, 'IL', '-', '##2', '2', 'Jurk', '##at', 'cell', '##s', 'é'];

test('a text becomes pieces between [CLS] and [SEP], each with its range and the part that it belongs to', t => {
  const tokenizer = BertTokenizer.fromVocabulary(small, { doLowerCase: false });
  t.deepEqual(tokenizer.encode('Jurkat  IL-2?'), {
    ids: [2, 8, 9, 4, 5, 7, 1, 3],
    pieces: ['[CLS]', 'Jurk', '##at', 'IL', '-', '2', '[UNK]', '[SEP]'],
    offsets: [
      [0, 0],
      [0, 4],
      [4, 6],
      [8, 10],
      [10, 11],
      [11, 12],
      [12, 13],
      [0, 0],
    ],
    wordIds: [null, 0, 0, 1, 2, 3, 4, null],
  });
  t.deepEqual(tokenizer.encode('', { addSpecialTokens: false }), {
    ids: [],
    pieces: [],
    offsets: [],
    wordIds: [],
  });
});

test('offsets and word ids of a list are those of its words; a word without pieces has none', t => {
  const tokenizer = BertTokenizer.fromVocabulary(small, { doLowerCase: false });
  t.deepEqual(tokenizer.encode(['IL-2', '\u200b', 'cells']), {
    ids: [2, 4, 5, 7, 10, 11, 3],
    pieces: ['[CLS]', 'IL', '-', '2', 'cell', '##s', '[SEP]'],
    offsets: [
      [0, 0],
      [0, 2],
      [2, 3],
      [3, 4],
      [0, 4],
      [4, 5],
      [0, 0],
    ],
    wordIds: [null, 0, 0, 0, 2, 2, null],
  });
  t.deepEqual([...tokenizer.encodeWord('\u200b')], []);
});

test('a text far beyond the maximum length is not cut', t => {
  const tokenizer = BertTokenizer.fromVocabulary(small, { doLowerCase: false, modelMaxLength: 8 });
  t.is(tokenizer.encode('cells '.repeat(1000)).ids.length, 2002);
  t.is(tokenizer.modelMaxLength, 8);
});

test('a word is encoded once and its ids are handed out again', t => {
  const tokenizer = BertTokenizer.fromVocabulary(small, { doLowerCase: false });
  const ids = tokenizer.encodeWord('Jurkat');
  t.deepEqual(ids, Int32Array.of(8, 9));
  t.is(tokenizer.encodeWord('Jurkat'), ids);
});

test('a vocabulary says what it is', t => {
  const tokenizer = BertTokenizer.fromVocabulary(small);
  t.deepEqual([tokenizer.padId, tokenizer.unkId, tokenizer.clsId, tokenizer.sepId], [0, 1, 2, 3]);
  t.is(tokenizer.vocabSize, 13);
  t.is(tokenizer.doLowerCase, false);
  t.is(tokenizer.modelMaxLength, undefined);
  t.regex(tokenizer.notes.join(), /2 of 9 vocabulary entries have capitals/);
  t.true(BertTokenizer.fromVocabulary([...special, 'cell']).doLowerCase);
});

test('a few entries with capitals do not make a vocabulary cased', t => {
  const lower = Array.from({ length: 1000 }, (_, i) => `piece${i}`);
  t.true(BertTokenizer.fromVocabulary([...special, ...lower, 'ℝN', 'TSH']).doLowerCase);
});

test('names that JavaScript objects have are ordinary words', t => {
  const tokenizer = BertTokenizer.fromVocabulary([...special, '__proto__', '_', 'proto', 'constructor']);
  t.deepEqual(tokenizer.encode('constructor __proto__', { addSpecialTokens: false }).ids, [7, 5, 5, 6, 5, 5]);
  t.deepEqual(tokenizer.tokenize('toString'), ['[UNK]']);
});

test('ids back to pieces', t => {
  const tokenizer = BertTokenizer.fromVocabulary(small);
  t.deepEqual(tokenizer.convertIdsToTokens(Int32Array.of(2, 8, 9, 3)), ['[CLS]', 'Jurk', '##at', '[SEP]']);
  for (const id of [13, -1, 1.5]) {
    t.throws(() => tokenizer.convertIdsToTokens([0, id]), { instanceOf: OptionError, message: /ids\[1\]/ });
  }
});

test('what is no text is refused', t => {
  const tokenizer = BertTokenizer.fromVocabulary(small);
  const refused = (run: () => unknown, message: RegExp) =>
    t.throws(run, { instanceOf: OptionError, message });
  refused(() => tokenizer.encode(undefined as unknown as string), /a string or a list of words for text/);
  refused(() => tokenizer.encode(['a', 3] as string[]), /a string for text\[1\] but received 3/);
  refused(() => tokenizer.tokenize(['a'] as unknown as string), /a string for text/);
  refused(() => tokenizer.encodeWord(null as unknown as string), /a string for word/);
  refused(() => tokenizer.encode('a', { addSpecialTokens: 1 } as object), /addSpecialTokens/);
  refused(() => tokenizer.encode('a', { truncation: true } as object), /truncation/);
});

test('a vocabulary that cannot be used is refused', t => {
  const refused = (run: () => unknown, message: RegExp) =>
    t.throws(run, { instanceOf: OptionError, message });
  refused(() => BertTokenizer.fromVocabulary(['[PAD]', 'a']), /with \[UNK\], \[SEP\], \[CLS\] for pieces/);
  refused(() => BertTokenizer.fromVocabulary('vocab.txt' as unknown as string[]), /a list of pieces/);
  refused(() => BertTokenizer.fromVocabulary([...special, 'a\n']), /pieces\[4\]/);
  refused(() => BertTokenizer.fromVocabulary([...special, 7 as unknown as string]), /pieces\[4\]/);
  refused(() => BertTokenizer.fromVocabulary(special, { modelMaxLength: 0 }), /modelMaxLength/);
  refused(() => BertTokenizer.fromVocabulary(special, { lowercase: true } as object), /lowercase/);
});

test("the original's example", t => {
  // Its text with a cased vocabulary; 'CS' and 'Mouse' keep their case.
  const text = 'Mouse thymus was used as a source of glucocorticoid receptor from normal CS lymphocytes.';
  const tokenizer = BertTokenizer.fromVocabulary(goldenVocabulary);
  const pieces = tokenizer.tokenize(text);
  t.deepEqual(pieces.slice(0, 3), ['M', '##ous', '##e']);
  t.deepEqual(tokenizer.encode(text).ids, [8, ...tokenizer.encode(text, { addSpecialTokens: false }).ids, 9]);
  t.deepEqual(tokenizer.convertIdsToTokens(tokenizer.encode(text).ids).slice(1, -1), pieces);
});

const miniLm = shared('models', 'all-MiniLM-L6-v2');

testWith(test, miniLm)("the original's example with a real vocabulary", async t => {
  const text = 'Mouse thymus was used as a source of glucocorticoid receptor from normal CS lymphocytes.';
  const tokenizer = await AutoTokenizer.fromPretrained(miniLm);
  t.is(
    tokenizer.tokenize(text).join(' '),
    'mouse thy ##mus was used as a source of g ##lu ##co ##cor ##tic ##oid receptor from normal cs l ##ym ##ph ##ocytes .',
  );
  t.is(tokenizer.vocabSize, 30522);
  t.is(tokenizer.modelMaxLength, 512);
  t.true(tokenizer.doLowerCase);
  t.deepEqual(tokenizer.notes, []);
});
