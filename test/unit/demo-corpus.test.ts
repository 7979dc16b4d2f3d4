import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { makeDemoCorpus } from '../../scripts/make-demo-corpus.mjs';
import { readDataFromFile } from '../../src/data/conll.ts';
import { getLabels } from '../../src/data/labels.ts';
import { BertTokenizer } from '../../src/tokenization/bert-tokenizer.ts';
import { projectRoot } from '../support/shared.ts';

const demo = (name: string) => join(projectRoot, 'data', 'demo', name);
const list = (name: string) =>
  readFileSync(join(projectRoot, 'scripts', 'demo-lists', `${name}.txt`), 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'));

const train = await readDataFromFile(demo('train.iob2'));
const held = await readDataFromFile(demo('test.iob2'));
const both = [...train, ...held];
const pieces = readFileSync(demo('vocab.txt'), 'utf8').trimEnd().split('\n');

/** Entities of a sentence as text. */
function entities({ words, labels }: { words: string[]; labels: string[] }): string[] {
  const found: string[] = [];
  words.forEach((word, index) => {
    if (labels[index]?.startsWith('B-')) found.push(word);
    else if (labels[index]?.startsWith('I-')) found.push(`${found.pop()} ${word}`);
  });
  return found;
}

test('the generator makes the files as they are', t => {
  for (const [name, content] of Object.entries(makeDemoCorpus()))
    t.true(readFileSync(demo(name), 'utf8') === content, name);
});

test('it has 1,500 and 300 different sentences', t => {
  t.deepEqual([train.length, held.length], [1500, 300]);
  t.is(new Set(both.map(({ words }) => words.join(' '))).size, 1800);
});

test('tags are valid IOB2 over the five types, all of them in both parts', t => {
  const types = ['DNA', 'RNA', 'cell_line', 'cell_type', 'protein'];
  const tags = [...['B', 'I'].flatMap(place => types.map(type => `${place}-${type}`)), 'O'];
  for (const samples of [train, held]) t.deepEqual(Object.keys(getLabels(samples).labels2ind), tags);
  for (const { words, labels } of both) {
    labels.forEach((label, index) => {
      const before = labels[index - 1] ?? 'O';
      if (label.startsWith('I-')) t.is(before.slice(2), label.slice(2), words.join(' '));
    });
  }
});

test('no name of the test part occurs in the training part', t => {
  const text = ` ${train.map(({ words }) => words.join(' ')).join(' ')} `.toLowerCase();
  const names = [
    ...['protein-names', 'cell-types', 'cell-lines', 'tissues'].flatMap(name => list(`test/${name}`)),
    ...['gene-symbols', 'rna-genes'].flatMap(name => list(`test/${name}`).flatMap(line => line.split(' '))),
  ];
  t.true(names.length > 150);
  for (const name of names) {
    for (const form of [name, `${name}s`]) t.false(text.includes(` ${form.toLowerCase()} `), form);
  }
  const seen = new Set(train.flatMap(entities));
  t.deepEqual(
    held.flatMap(entities).filter(entity => seen.has(entity)),
    [],
  );
});

test('no pattern of the test part is a training pattern, and there are many', t => {
  const patterns = new Set(list('train/sentences'));
  t.true(patterns.size >= 60);
  for (const pattern of list('test/sentences')) t.false(patterns.has(pattern), pattern);
});

test('words that look like entities also occur outside them', t => {
  for (const word of ['receptor', 'gene', 'T', 'cells', 'line', 'promoter', 'RNA', 'human', 'protein']) {
    const labels = train.flatMap(sample =>
      sample.labels.filter((_, index) => sample.words[index]?.toLowerCase() === word.toLowerCase()),
    );
    t.true(labels.includes('O') && labels.some(label => label !== 'O'), word);
  }
  t.true(train.some(({ labels }) => labels.every(label => label === 'O')));
});

test('the vocabulary covers every word, and every sentence fits the model', t => {
  const config = JSON.parse(readFileSync(demo('config.json'), 'utf8'));
  t.is(config.vocab_size, pieces.length);
  t.is(new Set(pieces).size, pieces.length);
  const tokenizer = BertTokenizer.fromVocabulary(pieces, { doLowerCase: false });
  for (const { words } of both) {
    const encoded = words.map(word => tokenizer.encodeWord(word));
    t.true(
      encoded.every(ids => ids.length > 0 && !ids.includes(tokenizer.unkId)),
      words.join(' '),
    );
    const length = encoded.reduce((sum, ids) => sum + ids.length, 2);
    t.true(length <= config.max_position_embeddings, `${length} pieces: ${words.join(' ')}`);
  }
});
