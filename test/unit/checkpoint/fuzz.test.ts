import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { ByteSource } from '../../../src/checkpoint/byte-source.ts';
import { parseConfig } from '../../../src/checkpoint/config.ts';
import { parseJsonObject } from '../../../src/checkpoint/json.ts';
import { readCheckpoint } from '../../../src/checkpoint/read-checkpoint.ts';
import { readSafetensors } from '../../../src/checkpoint/safetensors.ts';
import { safetensorsLayout } from '../../../src/checkpoint/safetensors-layout.ts';
import { readShards } from '../../../src/checkpoint/shard-index.ts';
import type { TensorEntry } from '../../../src/checkpoint/tensor-entry.ts';
import { readTorchFile } from '../../../src/checkpoint/torch-file.ts';
import { CheckpointError } from '../../../src/errors.ts';
import { checkpoint } from '../../support/checkpoints.ts';
import { mutate, seededRandom } from '../../support/mutate.ts';
import { fixture } from '../../support/shared.ts';

const rounds = 10_000;

function inMemory(bytes: Buffer): ByteSource {
  return {
    path: 'mutated',
    size: bytes.length,
    read: async (offset, length) => {
      if (!Number.isSafeInteger(offset) || offset < 0 || length < 0) throw new RangeError('a wild read');
      if (offset + length > bytes.length) throw new CheckpointError('beyond the end', 'mutated');
      return bytes.subarray(offset, offset + length);
    },
  };
}

/** Counts how many mutated files were refused; anything but a CheckpointError or sound entries fails the test. */
async function fuzz(
  t: ExecutionContext,
  seed: number,
  originals: Buffer[],
  read: (bytes: Buffer) => Promise<TensorEntry[]>,
): Promise<number> {
  const random = seededRandom(seed);
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    const original = originals[round % originals.length] ?? Buffer.alloc(0);
    const bytes = mutate(original, random);
    try {
      for (const entry of await read(bytes)) checkEntry(entry, bytes.length);
    } catch (error) {
      if (!(error instanceof CheckpointError)) {
        t.log(`round ${round}: ${bytes.toString('latin1')}`);
        throw error;
      }
      refused++;
    }
  }
  return refused;
}

function checkEntry({ name, shape, offset, length }: TensorEntry, size: number): void {
  const sound =
    typeof name === 'string' &&
    shape.every(count => Number.isSafeInteger(count) && count >= 0) &&
    offset >= 0 &&
    length >= 0 &&
    offset + length <= size;
  if (!sound) throw new Error(`an entry beyond its file: ${name} [${shape}] ${offset} ${length}`);
}

test('mutated safetensors headers', async t => {
  const layout = safetensorsLayout([
    { name: 'matrix', shape: [2, 3] },
    { name: 'scalar', shape: [] },
    { name: 'empty', shape: [0, 4] },
  ]);
  const originals = [
    await readFile(checkpoint('hostile', 'control.safetensors')),
    Buffer.concat([layout.header, Buffer.alloc(layout.size - layout.header.length)]),
  ];
  const refused = await fuzz(t, 1, originals, bytes => readSafetensors(inMemory(bytes)));
  t.true(refused > rounds / 2 && refused < rounds, `${refused} refused`);
});

test('mutated pickles', async t => {
  const files = [
    checkpoint('hostile', 'control-legacy.bin'),
    checkpoint('hostile', 'control-zip.bin'),
    fixture('torch', 'module.legacy.bin'),
    fixture('torch', 'module.zip.bin'),
    fixture('torch', 'transposed.legacy.bin'),
    fixture('torch', 'views.zip-protocol4.bin'),
    fixture('torch', 'parameters.legacy.bin'),
  ];
  const originals = await Promise.all(files.map(file => readFile(file)));
  const refused = await fuzz(t, 2, originals, bytes => readTorchFile(inMemory(bytes)));
  t.true(refused > rounds / 2 && refused < rounds, `${refused} refused`);
});

test('mutated indexes', async t => {
  const shards = new Map([
    ['a.safetensors', await readCheckpoint(checkpoint('hostile', 'control.safetensors'))],
    ['b.bin', await readCheckpoint(fixture('torch', 'module.zip.bin'))],
  ]);
  const weightMap = { 'bert.embeddings.LayerNorm.weight': 'a.safetensors', weight: 'b.bin', bias: 'b.bin' };
  const original = Buffer.from(JSON.stringify({ metadata: {}, weight_map: weightMap }));
  const readFile = async (path: string) => {
    t.is(dirname(path), 'folder');
    const entries = shards.get(basename(path));
    if (entries) return entries.map(entry => ({ ...entry, offset: 0, length: 0 }));
    throw new CheckpointError('there is no such file', path);
  };
  const index = join('folder', 'model.safetensors.index.json');
  const refused = await fuzz(t, 3, [original], bytes =>
    readShards(parseJsonObject(bytes, 'the file', index), index, readFile),
  );
  t.true(refused > rounds / 2 && refused < rounds, `${refused} refused`);
});

test('mutated configs', async t => {
  const original = await readFile(checkpoint('tc-safetensors', 'config.json'));
  const refused = await fuzz(t, 4, [original], async bytes => {
    parseConfig(parseJsonObject(bytes, 'the file', 'config.json'), 'config.json');
    return [];
  });
  t.true(refused > rounds / 2 && refused < rounds, `${refused} refused`);
});
