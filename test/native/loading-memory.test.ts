import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';
import { answerOf } from '../support/child.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('loading takes less than 1.3 times the memory of the weights', async t => {
  const folder = await temporaryFolder(t);
  const sizes = {
    vocabSize: 40_000,
    hiddenSize: 256,
    numHiddenLayers: 2,
    numAttentionHeads: 4,
    intermediateSize: 1024,
  };
  const id2label = ['O', 'B-x', 'I-x'];
  const model = await BertForTokenClassification.fromConfig(sizes, { id2label, device: 'cpu' });
  await model.savePretrained(folder);
  await model.dispose();
  const weights = (await stat(join(folder, 'model.safetensors'))).size;
  const { rise, labels } = await answerOf<{ rise: number; labels: Record<string, number> }>(
    'native/children/loading-memory.ts',
    { args: [folder] },
  );
  t.deepEqual(Object.keys(labels), id2label);
  t.true(rise < 1.3 * weights, `${rise} of ${weights}`);
  t.true(rise > 0.9 * weights, 'the weights are in memory');
});
