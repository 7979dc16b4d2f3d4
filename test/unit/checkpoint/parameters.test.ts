import test from 'ava';
import { parameterCount, parameterShapes } from '../../../src/checkpoint/parameters.ts';
import { goldenGeometry, goldenIndex } from '../../support/checkpoints.ts';

test('names, order and shapes are those of transformers', t => {
  const tensors = goldenIndex.variants['tc-safetensors']?.tensors ?? [];
  const expected = goldenIndex.canonical_names.map(name => ({
    name,
    shape: tensors.find(tensor => tensor.canonical === name)?.shape ?? [],
  }));
  t.deepEqual(parameterShapes(goldenGeometry, 11), expected);
});

test('the count is that of the golden model', t => {
  t.is(parameterCount(goldenGeometry, 11), 32427); // metadata.total_parameters of sharded-safetensors
});
