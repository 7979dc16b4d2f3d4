import { readFileSync } from 'node:fs';
import test from 'ava';
import { parameterShapes } from '../../../src/checkpoint/parameters.ts';
import { safetensorsLayout } from '../../../src/checkpoint/safetensors-layout.ts';
import { checkpoint } from '../../support/checkpoints.ts';

const geometry = {
  vocabSize: 400,
  hiddenSize: 32,
  numHiddenLayers: 2,
  intermediateSize: 64,
  maxPositionEmbeddings: 64,
  typeVocabSize: 2,
};

test('the header is byte for byte that of transformers', t => {
  const golden = readFileSync(checkpoint('tc-safetensors', 'model.safetensors'));
  const layout = safetensorsLayout(parameterShapes(geometry, 11));
  t.is(layout.size, golden.length);
  t.deepEqual(Buffer.from(layout.header), golden.subarray(0, layout.header.length));
});

test('entries cover the data without gaps', t => {
  const { header, entries, size } = safetensorsLayout(parameterShapes(geometry, 11));
  let position = header.length;
  for (const { offset, length } of entries) {
    t.is(offset, position);
    position += length;
  }
  t.is(position, size);
  t.is(header.length % 8, 0);
});
