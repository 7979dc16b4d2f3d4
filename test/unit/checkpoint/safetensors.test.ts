import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { withByteSource } from '../../../src/checkpoint/byte-source.ts';
import { readSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { CheckpointError } from '../../../src/errors.ts';
import { checkpoint, goldenIndex, hostileFiles, sha256OfRange } from '../../support/checkpoints.ts';
import { shared, testWith } from '../../support/shared.ts';

const read = (path: string) => withByteSource(path, readSafetensors);

for (const variant of ['tc-safetensors', 'no-prefix', 'fp16-safetensors', 'bf16-safetensors']) {
  test(`${variant}: every tensor with its bytes`, async t => {
    const file = checkpoint(variant, 'model.safetensors');
    const found = (await read(file)).map(({ name, dtype, shape, offset, length }) => ({
      name,
      dtype: dtype as string,
      shape,
      sha256: sha256OfRange(file, offset, length),
    }));
    const expected = goldenIndex.variants[variant]?.tensors.map(({ canonical: _, ...entry }) => entry);
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    t.deepEqual(found.sort(byName), expected?.sort(byName));
  });
}

test('the control loads', async t => {
  const entries = await read(checkpoint('hostile', 'control.safetensors'));
  t.deepEqual(
    entries.map(({ name, shape }) => ({ name, shape })),
    [{ name: 'bert.embeddings.LayerNorm.weight', shape: [4] }],
  );
});

/** Their container is sound; the model's loader refuses them. */
const soundContainers = ['wrong-shape.safetensors', 'missing-tensor.safetensors'];

for (const { file, must, problem } of hostileFiles) {
  if (!file.endsWith('.safetensors') || must !== 'refuse' || soundContainers.includes(file)) continue;
  test(`refuses ${file}: ${problem}`, async t => {
    const path = checkpoint('hostile', file);
    const error = await t.throwsAsync(read(path), { instanceOf: CheckpointError });
    t.is(error.file, path);
    t.true(error.message.startsWith(`${path}: `) && error.message.length > path.length + 12, error.message);
  });
}

interface HeaderTensor {
  dtype: string;
  shape: unknown;
  data_offsets: unknown;
}

async function readHeader(header: Record<string, HeaderTensor | object>, dataLength: number) {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const folder = await mkdtemp(join(tmpdir(), 'nerbert-'));
  try {
    const path = join(folder, 'model.safetensors');
    await writeFile(path, Buffer.concat([length, json, Buffer.alloc(dataLength)]));
    return await read(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('scalars and empty tensors have their ranges', async t => {
  const entries = await readHeader(
    {
      scalar: { dtype: 'F64', shape: [], data_offsets: [0, 8] },
      empty: { dtype: 'BOOL', shape: [3, 0], data_offsets: [8, 8] },
      last: { dtype: 'I16', shape: [2], data_offsets: [8, 12] },
    },
    12,
  );
  t.deepEqual(
    entries.map(({ name, dtype, length }) => [name, dtype, length]),
    [
      ['scalar', 'float64', 8],
      ['empty', 'bool', 0],
      ['last', 'int16', 4],
    ],
  );
});

test('a dtype named like a property of objects is refused', async t => {
  await t.throwsAsync(readHeader({ x: { dtype: 'constructor', shape: [1], data_offsets: [0, 4] } }, 4), {
    instanceOf: CheckpointError,
    message: /tensor "x": expected a dtype of F64.*but found "constructor"/,
  });
});

test('a folder and a missing file are refused by name', async t => {
  const folder = checkpoint('tc-safetensors');
  await t.throwsAsync(read(folder), { instanceOf: CheckpointError, message: /expected a regular file/ });
  const missing = checkpoint('no-such.safetensors');
  const error = await t.throwsAsync(read(missing), { instanceOf: CheckpointError });
  t.is(error.message, `${missing}: there is no such file`);
});

const miniLM = shared('models', 'all-MiniLM-L6-v2', 'model.safetensors');

testWith(test, miniLM)('MiniLM: 104 tensors in reach of its file', async t => {
  t.is((await read(miniLM)).length, 104);
});
