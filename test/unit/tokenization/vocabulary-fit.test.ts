import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sampleWords } from '../../../src/cli/corpus.ts';
import { readDataFromFile } from '../../../src/data/conll.ts';
import { BertTokenizer } from '../../../src/tokenization/bert-tokenizer.ts';
import { vocabularyFit, vocabularyWarnings } from '../../../src/tokenization/vocabulary-fit.ts';
import { checkpoint } from '../../support/checkpoints.ts';
import { projectRoot, shared, testWith } from '../../support/shared.ts';

const piecesOf = (path: string) => readFileSync(path, 'utf8').trimEnd().split('\n');
const demo = (name: string) => join(projectRoot, 'data', 'demo', name);
const demoPieces = piecesOf(demo('vocab.txt'));
const demoWords = sampleWords(await readDataFromFile(demo('train.iob2')), 10_000);
const lowered = demoWords.map(word => word.toLowerCase());

/** The vocabulary of the demo as it would be of lower-cased text. */
const uncasedPieces = [
  ...new Set(demoPieces.map(piece => (/^\[[A-Z]+\]$/.test(piece) ? piece : piece.toLowerCase()))),
];

const tokenizer = (pieces: string[], doLowerCase: boolean) =>
  BertTokenizer.fromVocabulary(pieces, { doLowerCase });

test('a vocabulary that fits is not talked about', t => {
  t.deepEqual(vocabularyWarnings(tokenizer(demoPieces, false), demoWords), []);
  t.deepEqual(vocabularyWarnings(tokenizer(uncasedPieces, true), demoWords), []);
  t.deepEqual(vocabularyWarnings(tokenizer(uncasedPieces, true), lowered), []);
  t.deepEqual(vocabularyWarnings(tokenizer(uncasedPieces, false), lowered), []);
});

test('words that an uncased vocabulary does not know are counted, and lower-casing is advised', t => {
  const warnings = vocabularyWarnings(tokenizer(uncasedPieces, false), demoWords);
  t.is(warnings.length, 1);
  t.regex(
    warnings[0] ?? '',
    /^Warning: the vocabulary does not fit the data: 1\d\.\d % of the words have an unknown piece, such as "\w+", "\w+", "\w+"\. With text lower-cased it would be 0\.0 %: set do_lower_case to true/,
  );
});

test('lower-casing against a cased vocabulary is told with its cost', t => {
  const [warning, ...others] = vocabularyWarnings(tokenizer(demoPieces, true), demoWords);
  t.deepEqual(others, []);
  t.regex(
    warning ?? '',
    /text is lower-cased, but the vocabulary is cased: 1\.\d\d pieces a word, and 1\.\d\d if .* set do_lower_case to false/,
  );
});

test('text that lost its capitals is told', t => {
  const warnings = vocabularyWarnings(tokenizer(demoPieces, false), lowered);
  t.regex(warnings.join('\n'), /^Warning: the data seem to be lower-cased \(0 of \d+ words .*uncased model$/);
});

test('text in another script, or of another kind, is told', t => {
  const russian = 'Пациент был доставлен в больницу с жалобами на сильную боль'.split(' ');
  const many = Array.from({ length: 30 }, () => russian).flat();
  const [unknown, ...others] = vocabularyWarnings(tokenizer(demoPieces, false), many);
  t.deepEqual(others, []);
  t.regex(
    unknown ?? '',
    /100\.0 % of the words have an unknown piece, such as "Пациент", .*language and the script/,
  );

  const tiny = tokenizer(piecesOf(checkpoint('tc-safetensors', 'vocab.txt')), false);
  const [fragments, ...more] = vocabularyWarnings(tiny, demoWords);
  t.deepEqual(more, []);
  t.regex(fragments ?? '', /cuts a word into 3\.\d\d pieces on average, where 1\.2 to 1\.6 are usual/);
});

test('a few words show nothing; words without pieces do not count', t => {
  t.deepEqual(vocabularyWarnings(tokenizer(uncasedPieces, false), demoWords.slice(0, 199)), []);
  t.deepEqual(vocabularyFit(tokenizer(demoPieces, false), ['cells', '\u200b', '©', '©', 'cells']), {
    words: 4,
    pieces: 4,
    unknown: 2,
    examples: ['©'],
  });
});

test('a sample is spread over all sentences', t => {
  const samples = Array.from({ length: 100 }, (_, i) => ({ words: [`w${i}`, '.'], labels: ['O', 'O'] }));
  t.is(sampleWords(samples, 1000).length, 200);
  const some = sampleWords(samples, 50);
  t.is(some.length, 50);
  t.true(some.includes('w0') && some.includes('w96'));
});

const vocabularies = {
  'all-MiniLM-L6-v2': { path: shared('models', 'all-MiniLM-L6-v2', 'vocab.txt'), doLowerCase: true },
  'JNLPBA, 8,000 pieces': { path: shared('reference', 'vocab-jnlpba-8000.txt'), doLowerCase: false },
};
const texts = ['jnlpba/train.iob2', 'jnlpba/test.iob2', 'ncbi-disease/train.tsv'].map(file =>
  shared('data', ...file.split('/')),
);

testWith(
  test,
  ...texts,
  ...Object.values(vocabularies).map(({ path }) => path),
)('real vocabularies fit real corpora, and do not with the other word on case', async t => {
  for (const text of texts) {
    const words = sampleWords(await readDataFromFile(text), 10_000);
    for (const { path, doLowerCase } of Object.values(vocabularies)) {
      const fitting = tokenizer(piecesOf(path), doLowerCase);
      t.deepEqual(vocabularyWarnings(fitting, words), [], `${text} ${path}`);
      t.is(vocabularyWarnings(fitting.withCase(!doLowerCase), words).length, 1, `${text} ${path}`);
    }
  }
});
