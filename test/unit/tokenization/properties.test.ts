import test from 'ava';
import fc from 'fast-check';
import { BertTokenizer } from '../../../src/tokenization/bert-tokenizer.ts';
import { AligningNormalizer } from '../../../src/tokenization/normalizer.ts';
import { goldens, goldenVocabulary, libraryTokenizer } from '../../support/tokenizer-goldens.ts';

const forms = [false, true].map(doLowerCase => ({
  doLowerCase,
  tokenizer: BertTokenizer.fromVocabulary(goldenVocabulary, { doLowerCase }),
  normalizer: new AligningNormalizer({
    doLowerCase,
    stripAccents: null,
    tokenizeChineseChars: true,
    cleanText: true,
  }),
  library: libraryTokenizer(doLowerCase),
}));

/** Golden words and their like, single code points of all planes, and what is awkward about Unicode. */
const parts = fc.oneof(
  fc.constantFrom(...goldens.cases.map(golden => golden.text).filter(text => text.length < 40)),
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
  fc.constantFrom(
    ' ',
    '\t',
    '\u00a0',
    '-',
    '\u200b',
    '\u0301',
    'İ',
    'ﬁ',
    '한',
    '中',
    '\u{20000}',
    '🧬',
    '[MASK]',
    '##',
  ),
);
const texts = fc.array(parts, { maxLength: 8 }).map(list => list.join(''));
/** Also halves of surrogate pairs, which no valid text has. */
const brokenTexts = fc
  .array(
    fc.oneof(
      texts,
      fc.integer({ min: 0xd800, max: 0xdfff }).map(code => String.fromCharCode(code)),
    ),
  )
  .map(list => list.join(''));

const runs = { numRuns: 2000, seed: 1 };

test('offsets lie within the text and never step back', t => {
  for (const { tokenizer } of forms) {
    fc.assert(
      fc.property(brokenTexts, text => {
        const { ids, pieces, offsets, wordIds } = tokenizer.encode(text, { addSpecialTokens: false });
        let [lastStart, lastEnd, lastWord] = [0, 0, 0];
        offsets.forEach(([start, end], i) => {
          if (!(start < end && end <= text.length && start >= lastStart && end >= lastEnd))
            throw new Error(`${i}`);
          if (!((wordIds[i] ?? -1) >= lastWord)) throw new Error(`word ${i}`);
          [lastStart, lastEnd, lastWord] = [start, end, wordIds[i] ?? 0];
        });
        return [pieces, offsets, wordIds].every(list => list.length === ids.length);
      }),
      runs,
    );
  }
  t.pass();
});

test('the slice of a part of the text normalises to its pieces', t => {
  for (const { tokenizer, normalizer } of forms) {
    fc.assert(
      fc.property(texts, text => {
        const { pieces, offsets, wordIds } = tokenizer.encode(text, { addSpecialTokens: false });
        for (const word of new Set(wordIds)) {
          const [first, last] = [wordIds.indexOf(word), wordIds.lastIndexOf(word)];
          const slice = text.slice(offsets[first]?.[0], offsets[last]?.[1]);
          const body = pieces
            .slice(first, last + 1)
            .map((piece, i) => (i === 0 ? piece : piece.slice(2)))
            .join('');
          if (body === '[UNK]' || /^\[[A-Z]+\]$/.test(slice)) continue;
          if (normalizer.normalize(slice).trim() !== body) throw new Error(`${slice} is not ${body}`);
        }
        return true;
      }),
      runs,
    );
  }
  t.pass();
});

test('each piece lies in the normalised slice that it came from', t => {
  for (const { tokenizer, normalizer } of forms) {
    fc.assert(
      fc.property(texts, text => {
        const { pieces, offsets } = tokenizer.encode(text, { addSpecialTokens: false });
        return pieces.every((piece, i) => {
          const slice = text.slice(...(offsets[i] ?? []));
          const body = piece.replace(/^##(?=.)/su, '');
          return piece === '[UNK]' || slice === piece || normalizer.normalize(slice).includes(body);
        });
      }),
      runs,
    );
  }
  t.pass();
});

test('pieces are those of the library, but for what is mended', t => {
  // Ideographs beyond the first plane; a Σ that the library may take for a final one.
  const mended = /[\u{20000}-\u{2fa1f}]/u;
  for (const { doLowerCase, tokenizer, library } of forms) {
    fc.assert(
      fc.property(texts, text => {
        fc.pre(!mended.test(text) && !(doLowerCase && text.includes('Σ')));
        return tokenizer.tokenize(text).join(' ') === library.tokenize(text).join(' ');
      }),
      runs,
    );
  }
  t.pass();
});

test('a list of words is encoded as each word by itself', t => {
  for (const { tokenizer } of forms) {
    fc.assert(
      fc.property(fc.array(texts, { maxLength: 5 }), words => {
        const { ids, offsets, wordIds } = tokenizer.encode(words, { addSpecialTokens: false });
        const alone = words.map(word => tokenizer.encode(word, { addSpecialTokens: false }));
        t.deepEqual(
          ids,
          alone.flatMap(encoding => encoding.ids),
        );
        t.deepEqual(
          offsets,
          alone.flatMap(encoding => encoding.offsets),
        );
        t.deepEqual(
          wordIds,
          alone.flatMap((encoding, index) => encoding.ids.map(() => index)),
        );
      }),
      { ...runs, numRuns: 300 },
    );
  }
});
