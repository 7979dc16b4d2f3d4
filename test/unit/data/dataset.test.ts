import test from 'ava';
import type { TupleBatch } from '../../../src/batch.ts';
import { NerDataset } from '../../../src/data/dataset.ts';
import { data2tensors, type InputBert } from '../../../src/data/tensors.ts';
import { OptionError } from '../../../src/errors.ts';
import { sentence, shown, characters as tokenizer } from '../../support/characters.ts';

const labels2ind = { 'B-x': 0, 'I-x': 1, O: 2 };
const cells = { words: ['T', 'cells', '_', 'die'], labels: ['B-x', 'I-x', 'O', 'O'] };
const _ = -100;

test('data2tensors pads, and labels the first piece of each word', t => {
  const [row, ...others] = data2tensors({ dataset: [cells], tokenizer, labels2ind, maxLenSeq: 14 });
  t.is(others.length, 0);
  t.is(shown(row?.inputIds ?? new Int32Array()), '<Tcellsdie>...');
  t.deepEqual(row?.attentionMask, Int32Array.of(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0));
  t.deepEqual(row?.tokenTypeIds, new Int32Array(14));
  t.deepEqual(row?.labels, Int32Array.of(_, 0, 1, _, _, _, _, 2, _, _, _, _, _, _));
});

test('data2tensors cuts to maxLenSeq - 2 pieces, within a word too', t => {
  const [row] = data2tensors({ dataset: [cells], tokenizer, labels2ind, maxLenSeq: 5 });
  t.is(shown(row?.inputIds ?? new Int32Array()), '<Tce>');
  t.deepEqual(row?.labels, Int32Array.of(_, 0, 1, _, _));
});

test('rows are 512 long by default', t => {
  t.is(data2tensors({ dataset: [cells], tokenizer, labels2ind })[0]?.labels.length, 512);
});

test('a sentence without pieces is [CLS] [SEP]', t => {
  const dataset = [sentence(''), sentence('_ _')];
  for (const row of data2tensors({ dataset, tokenizer, labels2ind, maxLenSeq: 4 })) {
    t.is(shown(row.inputIds), '<>..');
    t.deepEqual(row.labels, Int32Array.of(_, _, _, _));
  }
});

test('get gives what data2tensors makes', t => {
  const dataset = [cells, sentence('a bc')];
  const options = { dataset, tokenizer, labels2ind, maxLenSeq: 8 };
  const set = new NerDataset(options);
  t.is(set.length, 2);
  t.deepEqual([set.get(0), set.get(1)] as InputBert[], data2tensors(options));
});

test('with bertHugging false, get gives inputs and labels as lists that know their shape', t => {
  const options = { dataset: [cells], tokenizer, labels2ind, maxLenSeq: 8 };
  const [inputs, labels] = new NerDataset({ ...options, bertHugging: false }).get(0) as TupleBatch;
  const expected = data2tensors(options)[0];
  t.deepEqual([...inputs], [expected?.inputIds, expected?.attentionMask, expected?.tokenTypeIds]);
  t.deepEqual(labels, expected?.labels);
  t.deepEqual(inputs.shape, [1, 8]);
});

test('windows gives a sentence as one packed batch and says which words it labels', t => {
  const dataset = [sentence('x'), sentence('ab cd _ ef gh')];
  const set = new NerDataset({ dataset, tokenizer, labels2ind, maxLenSeq: 8, stride: 2 });
  const { inputIds, labels, boundaries, labelledWords, ...others } = set.windows(1);
  t.deepEqual(others, {});
  t.is(shown(inputIds), '<abcdef><efgh>');
  t.deepEqual(boundaries, Int32Array.of(0, 8, 14));
  t.deepEqual(labels, Int32Array.of(_, 2, _, 2, _, 2, _, _, _, _, _, 2, _, _));
  t.deepEqual(labelledWords.sentences, Int32Array.of(1, 1, 1, 1));
  t.deepEqual(labelledWords.words, Int32Array.of(0, 1, 3, 4));
});

test('counts the words that one window a sentence would lose', t => {
  const dataset = [sentence('ab cd _ ef gh'), sentence('abc'), sentence('_'), sentence('abcdefg')];
  t.is(new NerDataset({ dataset, tokenizer, labels2ind, maxLenSeq: 5 }).wordsLostToCut, 1 + 2 + 1);
});

test('a sentence is encoded once, when it is first asked for, or by prepare', async t => {
  const encoded: string[] = [];
  const counting = {
    ...tokenizer,
    encodeWord(word: string) {
      encoded.push(word);
      return tokenizer.encodeWord(word);
    },
  };
  const dataset = [sentence('a b'), sentence('c')];
  const set = new NerDataset({ dataset, tokenizer: counting, labels2ind });
  t.deepEqual(encoded, []);
  set.get(1);
  set.windows(1);
  t.deepEqual(encoded, ['c']);
  await set.prepare();
  set.get(0);
  t.deepEqual(encoded, ['c', 'a', 'b']);
});

test('the event loop turns while prepare works', async t => {
  const slow = {
    ...tokenizer,
    encodeWord(word: string) {
      const start = performance.now();
      while (performance.now() - start < 1);
      return tokenizer.encodeWord(word);
    },
  };
  const set = new NerDataset({ dataset: Array(100).fill(sentence('a')), tokenizer: slow, labels2ind });
  let turns = 0;
  let preparing = true;
  const turn = () => {
    turns++;
    if (preparing) setImmediate(turn);
  };
  setImmediate(turn);
  await set.prepare();
  preparing = false;
  t.true(turns > 5, `${turns}`);
});

test('a label without id is named with its sentence, and the remedy', async t => {
  const dataset = [sentence('a'), { words: ['IL-2', 'gene'], labels: ['O', 'B-DNA'] }];
  const expected = {
    instanceOf: OptionError,
    message:
      /an id for "B-DNA", the label of "gene" \(dataset\[1\]\.labels\[1\]\).*B-x, I-x, O only.*getLabels/,
  };
  t.throws(() => data2tensors({ dataset, tokenizer, labels2ind }), expected);
  const set = new NerDataset({ dataset, tokenizer, labels2ind });
  t.notThrows(() => set.get(0));
  t.throws(() => set.get(1), expected);
  t.throws(() => set.windows(1), expected);
  await t.throwsAsync(set.prepare(), expected);
});

test('a label named like a property of every object has no id', t => {
  const dataset = [{ words: ['a'], labels: ['constructor'] }];
  t.throws(() => data2tensors({ dataset, tokenizer, labels2ind }), { instanceOf: OptionError });
});

test('refuses what cannot be', t => {
  const good = { dataset: [cells], tokenizer, labels2ind };
  const refused = (options: object, message: RegExp) => {
    t.throws(() => new NerDataset({ ...good, ...options }), { instanceOf: OptionError, message });
  };
  refused({ dataset: 'train.iob2' }, /dataset/);
  refused({ dataset: [{ words: ['a'], labels: [] }] }, /as many labels as words for dataset\[0\]/);
  refused({ tokenizer: null }, /a BertTokenizer for tokenizer/);
  refused({ labels2ind: ['O'] }, /labels2ind/);
  refused({ labels2ind: { O: 0.5 } }, /integer/);
  refused({ labels2ind: { O: 0, 'B-x': 0 } }, /different id/);
  refused({ maxLenSeq: 2 }, /at least 3 for maxLenSeq/);
  refused({ maxLenSeq: 10, stride: 8 }, /between 0 and 7 for stride/);
  refused({ bertHugging: 1 }, /bertHugging/);
  refused({ max_len_seq: 128 }, /max_len_seq/);
  const set = new NerDataset(good);
  t.throws(() => set.get(1), { instanceOf: OptionError, message: /between 0 and 0 for index/ });
  t.throws(() => set.get(-1), { instanceOf: OptionError });
  const odd = { words: [1], labels: ['O'] } as unknown as typeof cells;
  t.throws(() => data2tensors({ ...good, dataset: [odd] }), {
    message: /a string for dataset\[0\]\.words\[0\]/,
  });
});
