import test from 'ava';
import { parameterCount, parameterShapes } from '../../../src/checkpoint/parameters.ts';
import { goldenIndex } from '../../support/checkpoints.ts';

const geometry = {
  vocabSize: 400,
  hiddenSize: 32,
  numHiddenLayers: 2,
  intermediateSize: 64,
  maxPositionEmbeddings: 64,
  typeVocabSize: 2,
};

test('names, order and shapes are those of transformers', t => {
  const tensors = goldenIndex.variants['tc-safetensors']?.tensors ?? [];
  const expected = goldenIndex.canonical_names.map(name => ({
    name,
    shape: tensors.find(tensor => tensor.canonical === name)?.shape ?? [],
  }));
  t.deepEqual(parameterShapes(geometry, 11), expected);
});

test('the count is that of the golden model', t => {
  t.is(parameterCount(geometry, 11), 32427); // metadata.total_parameters of sharded-safetensors
});
