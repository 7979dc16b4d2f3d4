import test from 'ava';
import { permutation } from '../../../src/data/shuffle.ts';

// Made by an independent Python program from the definition in the docstring.
const expected: [length: number, seed: number, epoch: number, order: number[]][] = [
  [10, 42, 0, [0, 3, 5, 9, 4, 1, 6, 2, 8, 7]],
  [10, 42, 1, [9, 4, 2, 0, 7, 3, 6, 8, 1, 5]],
  [12, 9007199254740991, 7, [5, 6, 0, 11, 7, 2, 9, 4, 1, 3, 10, 8]],
  [5, 0, 4294967295, [0, 2, 1, 4, 3]],
];

test('the order is that of the documented generator', t => {
  for (const [length, seed, epoch, order] of expected) {
    t.deepEqual([...permutation(length, seed, epoch)], order, `seed ${seed}, epoch ${epoch}`);
  }
});

test('every index occurs once', t => {
  for (const length of [0, 1, 2, 3, 1000]) {
    t.deepEqual(
      [...permutation(length, 1, 0).sort()],
      Array.from({ length }, (_, index) => index),
    );
  }
});

test('seeds and epochs give different orders', t => {
  const orders = [
    [1, 0],
    [1, 1],
    [2, 0],
    [2 ** 32 + 1, 0],
  ].map(([seed = 0, epoch = 0]) => permutation(50, seed, epoch).join());
  t.is(new Set(orders).size, orders.length);
});

test('all orders of three are about equally frequent', t => {
  const counts = new Map<string, number>();
  for (let epoch = 0; epoch < 6000; epoch++) {
    const order = permutation(3, 42, epoch).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  t.is(counts.size, 6);
  for (const count of counts.values()) t.true(Math.abs(count - 1000) < 150, String(count));
});
