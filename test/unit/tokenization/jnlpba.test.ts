import { readFileSync } from 'node:fs';
import test from 'ava';
import { AutoTokenizer } from '../../../src/tokenization/auto-tokenizer.ts';
import { shared, testWith } from '../../support/shared.ts';

const corpus = shared('data', 'jnlpba', 'train.iob2');
const miniLm = shared('models', 'all-MiniLM-L6-v2');

/* The numbers are those of Python's transformers 5.18 on the same words, encoded as word lists. */
testWith(
  test,
  corpus,
  miniLm,
)('all of JNLPBA has as many pieces as in Python', async t => {
  const tokenizer = await AutoTokenizer.fromPretrained(miniLm);
  const sentences = readFileSync(corpus, 'utf8')
    .split(/\n\s*\n/)
    .map(block => block.split('\n').filter(line => line.includes('\t')))
    .filter(lines => lines.length > 0);
  t.is(sentences.length, 18_546);
  let [pieces, cut] = [0, 0];
  for (const lines of sentences) {
    const length = lines.reduce(
      (sum, line) => sum + tokenizer.encodeWord(line.slice(0, line.indexOf('\t'))).length,
      2,
    );
    pieces += length;
    cut += Math.min(length, 128);
  }
  t.is(pieces, 753_464);
  t.is(cut, 751_967);
});
