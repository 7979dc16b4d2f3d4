import { readFileSync } from 'node:fs';
import test from 'ava';
import { getClassWeights } from '../../../src/data/class-weights.ts';
import { getLabels } from '../../../src/data/labels.ts';
import { OptionError } from '../../../src/errors.ts';
import { fixture } from '../../support/shared.ts';

interface GoldenWeights {
  name: string;
  tags: string[][];
  labels: string[];
  weights: number[];
}

const goldens: { cases: GoldenWeights[] } = JSON.parse(
  readFileSync(fixture('goldens', 'class_weights.json'), 'utf8'),
);

for (const { name, tags, labels, weights } of goldens.cases) {
  test(`PyTorch: ${name}`, t => {
    const { labels2ind, labelsCount } = getLabels(tags.map(row => ({ words: row, labels: row })));
    t.deepEqual(Object.keys(labels2ind), labels);
    t.deepEqual(getClassWeights(labels2ind, labelsCount), Float32Array.from(weights));
  });
}

test('weights stand in the order of the ids', t => {
  const weights = getClassWeights({ rare: 1, frequent: 0 }, { frequent: 4, rare: 1 });
  t.deepEqual(weights, Float32Array.of(0.25, 1));
});

test('a label without words is refused, with a remedy', t => {
  for (const labelsCount of [{ a: 1 }, { a: 1, b: 0 }]) {
    t.throws(() => getClassWeights({ a: 0, b: 1 }, labelsCount as Record<string, number>), {
      instanceOf: OptionError,
      message: /labelsCount\["b"\].*train without class weights/,
    });
  }
});

test('counts of a label that has no id are refused', t => {
  t.throws(() => getClassWeights({ a: 0 }, { a: 1, c: 2 }), { instanceOf: OptionError, message: /"c"/ });
});

test('ids that leave a gap are refused', t => {
  t.throws(() => getClassWeights({ a: 0, b: 2 }, { a: 1, b: 2 }), {
    instanceOf: OptionError,
    message: /an id below 2 for labels2ind\["b"\] but received 2/,
  });
});

test('counts that are none are refused', t => {
  for (const count of [1.5, -1, Number.NaN, '3']) {
    t.throws(() => getClassWeights({ a: 0 }, { a: count } as Record<string, number>), {
      instanceOf: OptionError,
    });
  }
  t.throws(() => getClassWeights({ a: 0 }, [] as never), { instanceOf: OptionError });
});
