import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { readCheckpoint } from '../../../src/checkpoint/read-checkpoint.ts';
import { elementSizes, type TensorEntry } from '../../../src/checkpoint/tensor-entry.ts';
import { CheckpointError } from '../../../src/errors.ts';
import { fixture } from '../../support/shared.ts';

interface TorchIndex {
  /** What PyTorch stored in a file; null: something that is to be refused. */
  files: Record<string, Record<string, { dtype: string; shape: number[]; sha256: string }> | null>;
}

const { files }: TorchIndex = JSON.parse(readFileSync(fixture('torch', 'index.json'), 'utf8'));

/** The elements of an entry in row-major order. */
function rowMajor({ file, offset, length, shape, strides, dtype }: TensorEntry): Buffer {
  const stored = readFileSync(file).subarray(offset, offset + length);
  if (!strides) return stored;
  const size = elementSizes[dtype];
  let positions = [0];
  shape.forEach((count, axis) => {
    const steps = Array.from({ length: count }, (_, index) => index * (strides[axis] ?? 0));
    positions = positions.flatMap(position => steps.map(step => position + step));
  });
  return Buffer.concat(positions.map(position => stored.subarray(position * size, (position + 1) * size)));
}

for (const [file, tensors] of Object.entries(files)) {
  if (tensors === null) continue;
  test(`${file}: as PyTorch stored it`, async t => {
    const entries = await readCheckpoint(fixture('torch', file));
    const found = entries.map(entry => [
      entry.name,
      {
        dtype: entry.dtype,
        shape: entry.shape,
        sha256: createHash('sha256').update(rowMajor(entry)).digest('hex'),
      },
    ]);
    t.deepEqual(Object.fromEntries(found), tensors);
  });
}

test('only tensors that are not row-major have strides', async t => {
  const strides = (entries: TensorEntry[]) => entries.map(entry => [entry.name, entry.strides]);
  t.deepEqual(strides(await readCheckpoint(fixture('torch', 'transposed.zip.bin'))), [
    ['matrix', [1, 5]],
    ['row', undefined],
    ['cube', [1, 12, 4]],
  ]);
});

const reasons: [string, RegExp][] = [
  ['gaps', /tensor "x": it is a view with strides \[5,1\] that skips or repeats elements .*\.contiguous\(\)/],
  ['repeats', /tensor "x": it is a view with strides \[0\] that skips or repeats elements/],
  ['complex', /the pickle names "torch.ComplexFloatStorage"/],
  [
    'nested',
    /expected a tensor for "state_dict" of the state dict but found a dict\. Save the state dict alone/,
  ],
  ['not-a-dict', /expected a state dict, a dict from names to tensors, but found a list or tuple/],
  ['module-object', /the pickle names "torch.nn.modules.linear.Linear".*Nothing was run/],
];

for (const file of Object.keys(files)) {
  const message = reasons.find(([name]) => file.startsWith(`${name}.`))?.[1];
  if (!message) continue;
  test(`refuses ${file}`, async t => {
    await t.throwsAsync(readCheckpoint(fixture('torch', file)), { instanceOf: CheckpointError, message });
  });
}
