import test from 'ava';
import { BertTokenizer } from '../../../src/tokenization/bert-tokenizer.ts';
import { type GoldenPieces, goldens, goldenVocabulary } from '../../support/tokenizer-goldens.ts';

const cased = BertTokenizer.fromVocabulary(goldenVocabulary, { doLowerCase: false });
const uncased = BertTokenizer.fromVocabulary(goldenVocabulary, { doLowerCase: true });

function asGolden(tokenizer: BertTokenizer, text: string): GoldenPieces {
  const { pieces, ids, offsets } = tokenizer.encode(text, { addSpecialTokens: false });
  return { pieces, ids, offsets_utf16: offsets };
}

const expected = ({ pieces, ids, offsets_utf16 }: GoldenPieces): GoldenPieces => ({
  pieces,
  ids,
  offsets_utf16,
});

test('every golden text gets the pieces, ids and offsets of Python, cased and uncased', t => {
  t.is(goldens.cases.length, 331);
  for (const golden of goldens.cases) {
    const shown = `${golden.kind} ${JSON.stringify(golden.text)}`;
    t.deepEqual(asGolden(cased, golden.text), expected(golden.cased), `cased ${shown}`);
    t.deepEqual(asGolden(uncased, golden.text), expected(golden.uncased), `uncased ${shown}`);
    t.deepEqual(uncased.tokenize(golden.text), golden.uncased.pieces, shown);
  }
});

test('accents, case and ideographs are treated as the settings say', t => {
  t.is(goldens.option_cases.length, 76);
  for (const golden of goldens.option_cases) {
    const { do_lower_case, strip_accents, tokenize_chinese_chars } = golden.settings;
    const tokenizer = BertTokenizer.fromVocabulary(goldenVocabulary, {
      doLowerCase: do_lower_case,
      stripAccents: strip_accents ?? null,
      tokenizeChineseChars: tokenize_chinese_chars ?? true,
    });
    t.deepEqual(asGolden(tokenizer, golden.text), expected(golden), JSON.stringify(golden));
  }
});

test('word lists are encoded word by word', t => {
  t.is(goldens.word_lists.length, 40);
  let compared = 0;
  for (const golden of goldens.word_lists) {
    for (const [name, encoded] of Object.entries(golden.encoded)) {
      const [settings, maxLength] = name.split('/');
      const tokenizer = settings === 'cased' ? cased : uncased;
      const length = encoded.attention_mask.reduce((sum, one) => sum + one, 0);
      const { ids, wordIds } = tokenizer.encode(golden.words);
      // The goldens are cut behind the last piece that fits, and end with [SEP].
      const cut = [...ids.slice(0, Number(maxLength) - 1).slice(0, length - 1), tokenizer.sepId];
      t.deepEqual(cut, encoded.input_ids.slice(0, length), name);
      const perWord = golden.words.map((_, index) => wordIds.filter(id => id === index).length);
      t.deepEqual(perWord, golden[`pieces_per_word_${settings as 'cased' | 'uncased'}`]);
      const joined = golden.words.flatMap(word => [...tokenizer.encodeWord(word)]);
      t.deepEqual([tokenizer.clsId, ...joined, tokenizer.sepId], ids);
      compared += 1;
    }
  }
  t.is(compared, 160);
});
