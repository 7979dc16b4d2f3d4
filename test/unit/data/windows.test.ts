import test from 'ava';
import fc from 'fast-check';
import type { EncodedSentence } from '../../../src/data/encode.ts';
import { cutWindow, windowsOf } from '../../../src/data/windows.ts';

/** A sentence of words with these numbers of pieces. */
function sentenceOf(...sizes: number[]): EncodedSentence {
  const wordStarts = new Int32Array(sizes.length + 1);
  sizes.forEach((size, word) => {
    wordStarts[word + 1] = (wordStarts[word] as number) + size;
  });
  const length = wordStarts[sizes.length] as number;
  return { pieces: new Int32Array(length), wordStarts, labelIds: new Int32Array(sizes.length) };
}

const plain = (windows: ReturnType<typeof windowsOf>) =>
  windows.map(({ start, end, words }) => [start, end, [...words]]);

test('a sentence that fits is one window', t => {
  t.deepEqual(plain(windowsOf(sentenceOf(2, 2), 4, 0)), [[0, 4, [0, 1]]]);
  t.deepEqual(plain(windowsOf(sentenceOf(), 4, 0)), [[0, 0, []]]);
  t.deepEqual(plain(windowsOf(sentenceOf(0, 0), 4, 0)), [[0, 0, []]]);
});

test('a long sentence is broken before words', t => {
  t.deepEqual(plain(windowsOf(sentenceOf(2, 1, 2, 3, 1), 4, 0)), [
    [0, 3, [0, 1]],
    [3, 5, [2]],
    [5, 9, [3, 4]],
  ]);
});

test('neighbours share at most stride pieces; each word is labelled where it has more context', t => {
  // Pieces 3, 4, 5 are shared; the one in the middle is labelled in the earlier window.
  t.deepEqual(plain(windowsOf(sentenceOf(1, 1, 1, 1, 1, 1, 1, 1, 1), 6, 3)), [
    [0, 6, [0, 1, 2, 3, 4]],
    [3, 9, [5, 6, 7, 8]],
  ]);
  // Only two pieces are shared, as the words have two each; nothing is nearer to either edge.
  t.deepEqual(plain(windowsOf(sentenceOf(2, 2, 2, 2), 6, 3)), [
    [0, 6, [0, 1, 2]],
    [4, 8, [3]],
  ]);
  t.deepEqual(plain(windowsOf(sentenceOf(2, 2, 1, 1, 2), 6, 4)), [
    [0, 6, [0, 1]],
    [2, 8, [2, 3, 4]],
  ]);
});

test('the shared stretch shrinks to leave room for the next word', t => {
  t.deepEqual(plain(windowsOf(sentenceOf(1, 1, 1, 1, 3, 1), 4, 3)), [
    [0, 4, [0, 1, 2, 3]],
    [3, 7, [4]],
    [4, 8, [5]],
  ]);
});

test('a word beyond the window is labelled at its first piece and loses its tail', t => {
  t.deepEqual(plain(windowsOf(sentenceOf(1, 9, 1), 4, 2)), [
    [0, 1, [0]],
    [1, 5, [1]],
    [10, 11, [2]],
  ]);
  t.deepEqual(plain(windowsOf(sentenceOf(9, 0), 4, 2)), [[0, 4, [0]]]);
  t.deepEqual(plain(windowsOf(sentenceOf(0, 9, 0, 9), 4, 0)), [
    [0, 4, [1]],
    [9, 13, [3]],
  ]);
});

test('a cut sentence loses the words that begin after the window', t => {
  t.deepEqual(plain([cutWindow(sentenceOf(2, 0, 3, 1), 4)]), [[0, 4, [0, 2]]]);
});

test('windows of any sentence keep what they promise', t => {
  const anySentence = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 40 });
  fc.assert(
    fc.property(anySentence, fc.integer({ min: 1, max: 12 }), fc.nat(11), (sizes, capacity, anyStride) => {
      const stride = Math.min(anyStride, capacity - 1);
      const sentence = sentenceOf(...sizes);
      const { wordStarts, pieces } = sentence;
      const windows = windowsOf(sentence, capacity, stride);
      const labelled = windows.flatMap(({ words }) => [...words]);
      const withPieces = sizes.flatMap((size, word) => (size > 0 ? [word] : []));
      t.deepEqual(
        labelled.toSorted((a, b) => a - b),
        withPieces,
      );
      windows.forEach(({ start, end, words }, index) => {
        t.true(end - start <= capacity);
        t.true(pieces.length === 0 || end > start);
        t.true(wordStarts.includes(start));
        for (const word of words)
          t.true((wordStarts[word] ?? -1) >= start && (wordStarts[word] ?? end) < end);
        const before = windows[index - 1];
        if (before) t.true(start > before.start && end > before.end && before.end - start <= stride);
      });
    }),
    { seed: 1, numRuns: 500 },
  );
});
