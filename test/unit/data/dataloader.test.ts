import test from 'ava';
import type { PackedBatch, PaddedBatch, TupleBatch } from '../../../src/batch.ts';
import { DataLoader, type DataLoaderOptions } from '../../../src/data/dataloader.ts';
import { NerDataset, type NerDatasetOptions } from '../../../src/data/dataset.ts';
import { permutation } from '../../../src/data/shuffle.ts';
import { OptionError } from '../../../src/errors.ts';
import { sentence, shown, characters as tokenizer } from '../../support/characters.ts';

const labels2ind = { O: 7 };
const _ = -100;

function setOf(texts: string[], options: Partial<NerDatasetOptions> = {}): NerDataset {
  return new NerDataset({ dataset: texts.map(sentence), tokenizer, labels2ind, ...options });
}

/** The rows of each packed batch of one epoch. */
function epochOf(loader: DataLoader): string[] {
  return Array.from(loader as Iterable<PackedBatch>, ({ inputIds }) => shown(inputIds));
}

test('packed batches lay rows end to end; the last one is smaller', t => {
  const loader = new DataLoader({ dataset: setOf(['ab', 'c d', 'e']), batchSize: 2 });
  t.is(loader.length, 2);
  t.is(loader.batchSize, 2);
  const [first, last, ...others] = [...loader];
  t.deepEqual(others, []);
  t.deepEqual(first, {
    inputIds: Int32Array.of(1, 97, 98, 2, 1, 99, 100, 2),
    labels: Int32Array.of(_, 7, _, _, _, 7, 7, _),
    boundaries: Int32Array.of(0, 4, 8),
    labelledWords: { sentences: Int32Array.of(0, 1, 1), words: Int32Array.of(0, 0, 1) },
  });
  t.deepEqual((last as PackedBatch).boundaries, Int32Array.of(0, 3));
});

test('padded batches are as long as their longest row', t => {
  const loader = new DataLoader({ dataset: setOf(['ab', 'c d e']), batchSize: 2, packed: false });
  t.deepEqual(
    [...loader],
    [
      {
        inputIds: Int32Array.of(1, 97, 98, 2, 0, 1, 99, 100, 101, 2),
        attentionMask: Int32Array.of(1, 1, 1, 1, 0, 1, 1, 1, 1, 1),
        tokenTypeIds: new Int32Array(10),
        labels: Int32Array.of(_, 7, _, _, _, _, 7, 7, 7, _),
        shape: [2, 5],
        labelledWords: { sentences: Int32Array.of(0, 1, 1, 1), words: Int32Array.of(0, 0, 1, 2) },
      },
    ],
  );
});

test('padded batches take the form of the data set; lists know their shape', t => {
  const texts = ['ab', 'c d e'];
  const [objects] = new DataLoader({
    dataset: setOf(texts),
    batchSize: 2,
    packed: false,
  }) as Iterable<PaddedBatch>;
  const dataset = setOf(texts, { bertHugging: false });
  const [lists] = new DataLoader({ dataset, batchSize: 2, packed: false }) as Iterable<TupleBatch>;
  t.deepEqual(lists as unknown, [
    [objects?.inputIds, objects?.attentionMask, objects?.tokenTypeIds],
    objects?.labels,
  ]);
  t.deepEqual(lists?.shape, [2, 5]);
  t.deepEqual(lists?.[0].shape, [2, 5]);
  t.deepEqual(lists?.labelledWords, objects?.labelledWords);
});

test('packed batches do not depend on the form of the data set', t => {
  const batches = [true, false].map(bertHugging => [
    ...new DataLoader({ dataset: setOf(['ab', 'c'], { bertHugging }), batchSize: 1 }),
  ]);
  t.deepEqual(batches[0], batches[1]);
});

test('windows of a long sentence stay in its batch; cut takes the first one', t => {
  const dataset = setOf(['ab cd ef', 'x', 'y'], { maxLenSeq: 5 });
  t.deepEqual(epochOf(new DataLoader({ dataset, batchSize: 2 })), ['<ab><cd><ef><x>', '<y>']);
  const cut = new DataLoader({ dataset, batchSize: 2, longSentences: 'cut' });
  t.deepEqual(epochOf(cut), ['<abc><x>', '<y>']);
  const [padded] = new DataLoader({ dataset, batchSize: 2, packed: false }) as Iterable<PaddedBatch>;
  t.deepEqual(padded?.shape, [4, 4]);
});

test('each epoch has its own order, the same for the same seed', t => {
  const texts = Array.from({ length: 20 }, (_, index) => String.fromCharCode(97 + index));
  const make = (options: Partial<DataLoaderOptions> = {}) =>
    new DataLoader({ dataset: setOf(texts), batchSize: 8, shuffle: true, ...options });
  const loader = make();
  const epochs = [epochOf(loader), epochOf(loader), epochOf(loader)];
  t.is(new Set(epochs.map(String)).size, 3);
  epochs.forEach((batches, epoch) => {
    const order = [...permutation(20, 42, epoch)].map(index => `<${texts[index]}>`);
    t.is(batches.join(''), order.join(''));
    t.deepEqual(
      batches.map(batch => batch.length),
      [24, 24, 12],
    );
  });
  t.notDeepEqual(epochOf(make({ seed: 43 })), epochs[0]);
  const resumed = make();
  resumed.epoch = 2;
  t.deepEqual(epochOf(resumed), epochs[2]);
  t.is(resumed.epoch, 3);
});

test('iterations at the same time do not disturb each other', t => {
  const loader = new DataLoader({ dataset: setOf(['a', 'b', 'c']), batchSize: 1, shuffle: true });
  const [first, second] = [loader[Symbol.iterator](), loader[Symbol.iterator]()];
  const mixed: string[][] = [[], []];
  for (let step = 0; step < 3; step++) {
    for (const [index, iterator] of [first, second].entries()) {
      mixed[index]?.push(shown((iterator.next().value as PackedBatch).inputIds));
    }
  }
  loader.epoch = 0;
  t.deepEqual(mixed, [epochOf(loader), epochOf(loader)]);
});

test('without shuffle the order is that of the data', t => {
  const loader = new DataLoader({ dataset: setOf(['a', 'b', 'c']), batchSize: 2 });
  t.deepEqual(epochOf(loader), ['<a><b>', '<c>']);
  t.deepEqual(epochOf(loader), ['<a><b>', '<c>']);
});

test('groupByLength sorts spans of 50 batches, longest first, by a stable sort', t => {
  const lengths = [...permutation(240, 3, 0)].map(index => 1 + (index % 17));
  const dataset = setOf(lengths.map(length => 'x'.repeat(length)));
  const plain = new DataLoader({ dataset, batchSize: 2, shuffle: true });
  const grouped = new DataLoader({ dataset, batchSize: 2, shuffle: true, groupByLength: true });
  const order = [...plain.order(5)];
  const longestFirst = (a: number, b: number) => (lengths[b] ?? 0) - (lengths[a] ?? 0);
  t.deepEqual(
    [...grouped.order(5)],
    [0, 100, 200].flatMap(start => order.slice(start, start + 100).sort(longestFirst)),
  );
});

test('batches are made when they are asked for', t => {
  let encoded = 0;
  const counting = {
    ...tokenizer,
    encodeWord(word: string) {
      encoded++;
      return tokenizer.encodeWord(word);
    },
  };
  const dataset = setOf(['a', 'b', 'c'], { tokenizer: counting });
  const iterator = new DataLoader({ dataset, batchSize: 2 })[Symbol.iterator]();
  t.is(encoded, 0);
  iterator.next();
  t.is(encoded, 2);
});

test('an empty data set has no batches', t => {
  const loader = new DataLoader({ dataset: setOf([]), batchSize: 2, shuffle: true });
  t.is(loader.length, 0);
  t.deepEqual([...loader], []);
});

test('refuses what cannot be', t => {
  const good = { dataset: setOf(['a']), batchSize: 2 };
  const refused = (options: object, message: RegExp) =>
    t.throws(() => new DataLoader({ ...good, ...options }), { instanceOf: OptionError, message });
  refused({ dataset: [sentence('a')] }, /a NerDataset for dataset/);
  refused({ batchSize: 0 }, /batchSize/);
  refused({ batchSize: undefined }, /batchSize/);
  refused({ shuffle: 'yes' }, /shuffle/);
  refused({ seed: -1 }, /seed/);
  refused({ packed: 0 }, /packed/);
  refused({ longSentences: 'drop' }, /one of "windows", "cut" for longSentences/);
  refused({ groupByLength: 1 }, /groupByLength/);
  refused({ batch_size: 8 }, /batch_size/);
  const loader = new DataLoader(good);
  t.throws(
    () => {
      loader.epoch = 0.5;
    },
    { instanceOf: OptionError },
  );
});
