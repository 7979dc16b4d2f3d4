import test from 'ava';
import { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';
import { parametersOf } from '../support/model-values.ts';

test('from scratch: weights normal, biases 0, LayerNorm weights 1, padding 0; the seed decides', async t => {
  const config = {
    vocabSize: 500,
    hiddenSize: 64,
    numHiddenLayers: 1,
    numAttentionHeads: 2,
    intermediateSize: 96,
    maxPositionEmbeddings: 32,
    padTokenId: 3,
  };
  const fresh = async (seed: number) => {
    await using model = await BertForTokenClassification.fromConfig(
      { ...config, initializerRange: 0.05 },
      { numLabels: 3, seed },
    );
    return await parametersOf(model);
  };
  const values = await fresh(1);
  t.deepEqual(await fresh(1), values);
  t.notDeepEqual(await fresh(2), values);
  for (const [name, value] of values) {
    const mean = value.reduce((sum, x) => sum + x, 0) / value.length;
    const deviation = Math.sqrt(value.reduce((sum, x) => sum + (x - mean) ** 2, 0) / value.length);
    if (name.endsWith('bias'))
      t.true(
        value.every(x => x === 0),
        name,
      );
    else if (name.endsWith('LayerNorm.weight'))
      t.true(
        value.every(x => x === 1),
        name,
      );
    else if (value.length > 1000) {
      t.true(Math.abs(mean) < (5 * 0.05) / Math.sqrt(value.length), name);
      t.true(Math.abs(deviation - 0.05) < (5 * 0.05) / Math.sqrt(2 * value.length), name);
    }
  }
  const words = values.get('bert.embeddings.word_embeddings.weight') ?? new Float32Array();
  t.true(words.subarray(3 * 64, 4 * 64).every(x => x === 0));
  t.true(words.subarray(0, 64).every(x => x !== 0));
});
