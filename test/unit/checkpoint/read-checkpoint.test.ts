import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readCheckpoint } from '../../../src/checkpoint/read-checkpoint.ts';
import { CheckpointError } from '../../../src/errors.ts';
import { checkpoint, goldenIndex, sha256OfRange } from '../../support/checkpoints.ts';

for (const [variant, { tensors }] of Object.entries(goldenIndex.variants)) {
  test(`${variant}: every tensor with its bytes`, async t => {
    const entries = await readCheckpoint(checkpoint(variant));
    const found = entries.map(({ name, dtype, shape, file, offset, length }) => [
      name,
      { dtype, shape, sha256: sha256OfRange(file, offset, length) },
    ]);
    const expected = tensors.map(({ name, dtype, shape, sha256 }) => [name, { dtype, shape, sha256 }]);
    t.is(entries.length, tensors.length);
    t.deepEqual(Object.fromEntries(found), Object.fromEntries(expected));
  });
}

test('tied weights share their bytes', async t => {
  const entries = await readCheckpoint(checkpoint('legacy-bin'));
  const offset = (wanted: string) => entries.find(({ name }) => name === wanted)?.offset;
  t.is(offset('cls.predictions.decoder.weight'), offset('bert.embeddings.word_embeddings.weight'));
});

async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'nerbert-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

const control = (name: string) => checkpoint('hostile', name);

test('safetensors is preferred to .bin, and one file to several', async t => {
  const folder = await temporaryFolder(t);
  const chosen = async () => (await readCheckpoint(folder))[0]?.file;
  const bin = join(folder, 'pytorch_model.bin');
  const safetensors = join(folder, 'model.safetensors');
  await copyFile(control('control-zip.bin'), bin);
  t.is(await chosen(), bin);
  await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: {} }));
  await t.throwsAsync(chosen, { message: /there are no tensors/ });
  await copyFile(control('control.safetensors'), safetensors);
  t.is(await chosen(), safetensors);
});

test('the shards of an index may be files of torch.save', async t => {
  const folder = await temporaryFolder(t);
  const shard = 'pytorch_model-00001-of-00001.bin';
  await copyFile(control('control-legacy.bin'), join(folder, shard));
  const weightMap = { 'bert.embeddings.LayerNorm.weight': shard };
  await writeFile(join(folder, 'pytorch_model.bin.index.json'), JSON.stringify({ weight_map: weightMap }));
  const [entry] = await readCheckpoint(folder);
  t.is(entry?.file, join(folder, shard));
});

test('a folder without weights says what it looked for, and what is there instead', async t => {
  const folder = await temporaryFolder(t);
  const refusal = (message: RegExp) =>
    t.throwsAsync(readCheckpoint(folder), { instanceOf: CheckpointError, message });
  await refusal(/expected weights in one of model.safetensors, .*pytorch_model.bin.* but found none/);
  await writeFile(join(folder, 'tf_model.h5'), '');
  await refusal(/but found only tf_model.h5\. Convert it/);
});

test('a path that leads nowhere is refused by name', async t => {
  const path = checkpoint('no-such-folder');
  const error = await t.throwsAsync(readCheckpoint(path), { instanceOf: CheckpointError });
  t.is(error.message, `${path}: there is no such file`);
});

const badIndexes: [string, string, RegExp][] = [
  ['without a weight_map', '{}', /expected a weight_map/],
  [
    'with a number for a shard',
    '{"weight_map":{"x":1}}',
    /file beside the index for the tensor "x" but found 1/,
  ],
  ['with a folder for a shard', '{"weight_map":{"x":"sub"}}', /sub: expected a regular file/],
  ['with a path for a shard', '{"weight_map":{"x":"sub/a.bin"}}', /beside the index .* found "sub\/a.bin"/],
  ['with its parent for a shard', '{"weight_map":{"x":".."}}', /beside the index .* found ".."/],
  ['that lacks a tensor of its shard', '{"weight_map":{}}', /there are no tensors/],
  ['that is an error page', '<!DOCTYPE html>', /HTML or XML page/],
  [
    'that is a Git LFS pointer',
    'version https://git-lfs.github.com/spec/v1\n',
    /Git LFS pointer.*git lfs pull/,
  ],
  ['that is empty', '', /the file is empty/],
];

for (const [what, text, message] of badIndexes) {
  test(`refuses an index ${what}`, async t => {
    const folder = await temporaryFolder(t);
    await mkdir(join(folder, 'sub'));
    await writeFile(join(folder, 'model.safetensors.index.json'), text);
    await t.throwsAsync(readCheckpoint(folder), { instanceOf: CheckpointError, message });
  });
}

test('a tensor that the index does not know is refused', async t => {
  const folder = await temporaryFolder(t);
  await copyFile(control('control.safetensors'), join(folder, 'a.safetensors'));
  await writeFile(
    join(folder, 'model.safetensors.index.json'),
    JSON.stringify({ weight_map: { y: 'a.safetensors' } }),
  );
  await t.throwsAsync(readCheckpoint(folder), {
    instanceOf: CheckpointError,
    message: /the tensor "bert.embeddings.LayerNorm.weight" of a.safetensors is not in the index/,
  });
});
