import { readFileSync } from 'node:fs';
import test from 'ava';
import { parameterShapes } from '../../../src/checkpoint/parameters.ts';
import { safetensorsLayout } from '../../../src/checkpoint/safetensors-layout.ts';
import { checkpoint, goldenGeometry } from '../../support/checkpoints.ts';

test('the header is byte for byte that of transformers', t => {
  const golden = readFileSync(checkpoint('tc-safetensors', 'model.safetensors'));
  const layout = safetensorsLayout(parameterShapes(goldenGeometry, 11));
  t.is(layout.size, golden.length);
  t.deepEqual(Buffer.from(layout.header), golden.subarray(0, layout.header.length));
});

test('entries cover the data without gaps', t => {
  const { header, entries, size } = safetensorsLayout(parameterShapes(goldenGeometry, 11));
  let position = header.length;
  for (const { offset, length } of entries) {
    t.is(offset, position);
    position += length;
  }
  t.is(position, size);
  t.is(header.length % 8, 0);
});
