import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import test from 'ava';
import { CheckpointError } from '../../../src/errors.ts';
import { hubSnapshot } from '../../../src/hub/snapshot.ts';
import { bytes, smallModel, startHub } from '../../support/hub.ts';
import { gitSha1, sha256 } from '../../support/hub-server.ts';

const wantedFiles = ['config.json', 'model.safetensors', 'tokenizer_config.json', 'vocab.txt'];

test('fetches what is needed alone, into the layout of the cache that Python uses', async t => {
  const { hub, settings } = await startHub(t);
  const commit = hub.commit('owner/name', smallModel);
  const folder = await hubSnapshot('owner/name', 'checkpoint', settings);

  const model = join(settings.cacheDir, 'models--owner--name');
  t.is(folder, join(model, 'snapshots', commit));
  t.deepEqual((await readdir(folder)).sort(), wantedFiles);
  for (const name of wantedFiles) {
    const content = Buffer.from(smallModel[name] ?? '');
    const blob = name.endsWith('.safetensors') ? sha256(content) : gitSha1(content);
    t.is(await readlink(join(folder, name)), join('..', '..', 'blobs', blob));
    t.deepEqual(await readFile(join(folder, name)), content);
  }
  t.is((await readdir(join(model, 'blobs'))).length, wantedFiles.length);
  t.is(await readFile(join(model, 'refs', 'main'), 'utf8'), commit);
});

test('the vocabulary is fetched after all that tells how to use it', async t => {
  const { hub, settings } = await startHub(t);
  hub.commit('owner/name', { ...smallModel, 'special_tokens_map.json': '{}', 'tokenizer.json': '{}' });
  hub.faults.push({
    on: /resolve.*vocab.txt/,
    times: 1,
    answer: (_, response) => response.writeHead(404).end(),
  });
  await t.throwsAsync(hubSnapshot('owner/name', 'tokenizer', settings));
  const fetched = hub.seen(/resolve/).map(({ path }) => basename(path));
  t.deepEqual(fetched, ['tokenizer_config.json', 'special_tokens_map.json', 'config.json', 'vocab.txt']);
  await t.throwsAsync(hubSnapshot('owner/name', 'tokenizer', { ...settings, offline: 'HF_HUB_OFFLINE' }));
});

test('a tokenizer is fetched without weights, a model without a tokenizer', async t => {
  const { hub, settings } = await startHub(t);
  hub.commit('owner/name', smallModel);
  const folder = await hubSnapshot('owner/name', 'tokenizer', settings);
  t.deepEqual((await readdir(folder)).sort(), ['config.json', 'tokenizer_config.json', 'vocab.txt']);
  await hubSnapshot('owner/name', 'model', settings);
  t.deepEqual((await readdir(folder)).sort(), wantedFiles);
  t.is(hub.seen(/resolve.*config.json/).length, 2);
});

test('of several files of weights the index is fetched and what it names', async t => {
  const { hub, settings } = await startHub(t);
  const index = {
    weight_map: { a: 'model-1.safetensors', b: 'model-2.safetensors', c: 'model-1.safetensors' },
  };
  const { 'model.safetensors': _, ...rest } = smallModel;
  hub.commit('owner/name', {
    ...rest,
    'model.safetensors.index.json': JSON.stringify(index),
    'model-1.safetensors': bytes(1000, 4),
    'model-2.safetensors': bytes(1000, 5),
    'model-3.safetensors': bytes(1000, 6),
  });
  const folder = await hubSnapshot('owner/name', 'model', settings);
  t.deepEqual((await readdir(folder)).sort(), [
    'config.json',
    'model-1.safetensors',
    'model-2.safetensors',
    'model.safetensors.index.json',
  ]);
});

for (const shard of ['../../../evil', '/etc/passwd', 'sub/model.safetensors', '..', 7]) {
  test(`an index that names ${JSON.stringify(shard)} is refused`, async t => {
    const { hub, settings } = await startHub(t);
    hub.commit('owner/name', {
      'config.json': '{}',
      'model.safetensors.index.json': JSON.stringify({ weight_map: { a: shard } }),
    });
    await t.throwsAsync(hubSnapshot('owner/name', 'model', settings), {
      instanceOf: CheckpointError,
      message: /names of files beside the index/,
    });
  });
}

test('a checksum that is no checksum never becomes a path', async t => {
  const { hub, settings } = await startHub(t);
  hub.commit('owner/name', smallModel);
  hub.lies.set('config.json', { oid: '../../../../evil' });
  await t.throwsAsync(hubSnapshot('owner/name', 'model', settings), {
    code: 'ERR_NETWORK',
    message: /checksum/,
  });
});

test('what is cached is not fetched again; a new commit is, as far as it differs', async t => {
  const { hub, settings } = await startHub(t);
  hub.commit('owner/name', smallModel);
  const first = await hubSnapshot('owner/name', 'checkpoint', settings);
  hub.requests.length = 0;
  t.is(await hubSnapshot('owner/name', 'checkpoint', settings), first);
  t.is(hub.requests.length, 1);

  const commit = hub.commit('owner/name', { ...smallModel, 'config.json': '{"changed": true}' });
  hub.requests.length = 0;
  const second = await hubSnapshot('owner/name', 'checkpoint', settings);
  t.is(basename(second), commit);
  t.deepEqual(
    hub.seen(/resolve|cdn/).map(({ path }) => basename(path)),
    ['config.json'],
  );
});

test('a commit in the cache needs no connection; branches may have slashes', async t => {
  const { hub, settings } = await startHub(t);
  const commit = hub.commit('owner/name', smallModel, { branch: 'feature/x' });
  const folder = await hubSnapshot('owner/name', 'checkpoint', { ...settings, revision: 'feature/x' });
  t.is(basename(folder), commit);
  const ref = join(settings.cacheDir, 'models--owner--name', 'refs', 'feature', 'x');
  t.is(await readFile(ref, 'utf8'), commit);
  hub.requests.length = 0;
  t.is(await hubSnapshot('owner/name', 'checkpoint', { ...settings, revision: commit }), folder);
  t.is(hub.requests.length, 0);
});

test('offline the cache is enough, if it holds everything', async t => {
  const { hub, settings } = await startHub(t);
  hub.commit('owner/name', smallModel);
  const folder = await hubSnapshot('owner/name', 'tokenizer', settings);
  hub.requests.length = 0;
  const offline = { ...settings, offline: 'HF_HUB_OFFLINE' };
  t.is(await hubSnapshot('owner/name', 'tokenizer', offline), folder);
  await t.throwsAsync(hubSnapshot('owner/name', 'model', offline), {
    instanceOf: CheckpointError,
    message: /owner\/name: expected config.json and weights .* because HF_HUB_OFFLINE forbids to connect/,
  });
  t.is(hub.requests.length, 0);
});

test('without an answer the cache does, and this is said', async t => {
  const { hub, settings, notes } = await startHub(t);
  hub.commit('owner/name', smallModel);
  const folder = await hubSnapshot('owner/name', 'checkpoint', settings);
  hub.close();
  t.is(await hubSnapshot('owner/name', 'checkpoint', settings), folder);
  t.is(notes.length, 1);
  t.regex(notes[0] ?? '', /^Using owner\/name as it was last fetched.*the connection was refused/);
  await t.throwsAsync(hubSnapshot('owner/other', 'checkpoint', settings), {
    code: 'ERR_NETWORK',
    message: /Could not get owner\/other from http.*refused.*Check the connection.*HF_ENDPOINT is/s,
  });
});

test('a revision that cannot be remembered is used all the same', async t => {
  const { hub, settings } = await startHub(t);
  hub.commit('owner/name', smallModel);
  await hubSnapshot('owner/name', 'checkpoint', settings);
  // The reference to main is a file, where this branch would need a folder.
  const commit = hub.commit('owner/name', smallModel, { branch: 'main/x' });
  const folder = await hubSnapshot('owner/name', 'checkpoint', { ...settings, revision: 'main/x' });
  t.is(basename(folder), commit);
});

test('a folder that cannot be the cache is named with its remedy', async t => {
  const { hub, settings } = await startHub(t);
  hub.commit('owner/name', smallModel);
  await writeFile(settings.cacheDir, 'a file');
  await t.throwsAsync(hubSnapshot('owner/name', 'checkpoint', settings), {
    code: 'ERR_IO',
    message:
      /Could not write to the folder .*hub: .*Models of the hub are kept there; .*--cache-dir.*HF_HUB_CACHE/,
  });
});

test('more than the disk has room for is refused before the download begins', async t => {
  const { hub, settings } = await startHub(t);
  hub.commit('owner/name', smallModel);
  hub.lies.set('model.safetensors', { lfs: { oid: sha256(bytes(300_000)), size: 5e15, pointerSize: 134 } });
  await t.throwsAsync(hubSnapshot('owner/name', 'model', settings), {
    code: 'ERR_IO',
    message: /Expected 5.00 PB of free space in .* but there are .*Make room/,
  });
  t.is(hub.seen(/resolve/).length, 0);
});

test('what a model lacks is named with what it holds', async t => {
  const { hub, settings } = await startHub(t);
  hub.commit('owner/tf', { 'config.json': '{}', 'tf_model.h5': '', 'vocab.txt': '' });
  await t.throwsAsync(hubSnapshot('owner/tf', 'model', settings), {
    instanceOf: CheckpointError,
    message:
      /owner\/tf: expected weights in one of model.safetensors.* but .* holds only tf_model.h5. Convert/,
  });
  hub.commit('owner/data', { 'train.iob2': '', '../../evil': '' });
  await t.throwsAsync(hubSnapshot('owner/data', 'tokenizer', settings), {
    message: /expected tokenizer.json or vocab.txt .* holds train.iob2, ..\/..\/evil/,
  });
});
