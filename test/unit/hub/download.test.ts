import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { CheckpointError } from '../../../src/errors.ts';
import { hubSnapshot } from '../../../src/hub/snapshot.ts';
import { bytes, smallModel, startHub, unfinishedOf } from '../../support/hub.ts';
import { type Fault, type HubServer, sha256 } from '../../support/hub-server.ts';

const weights = bytes(300_000);
const cdn = /^GET cdn/;

async function start(t: ExecutionContext) {
  const started = await startHub(t);
  started.hub.commit('owner/name', smallModel);
  const blobs = join(started.settings.cacheDir, 'models--owner--name', 'blobs');
  return { ...started, blobs, fetch: () => hubSnapshot('owner/name', 'model', started.settings) };
}

/** Cuts the connection when so many bytes are on the disk, of which `before` were there already. */
const cut = (blobs: string, size: number, before: number): Fault => ({
  on: cdn,
  times: 1,
  cutAfter: size - before,
  beforeCut: () => unfinishedOf(blobs, size),
});

const weightsIn = (folder: string) => readFile(join(folder, 'model.safetensors'));
const rangesOf = (hub: HubServer) => hub.seen(cdn).map(({ headers }) => headers.range);
const unfinished = async (blobs: string) =>
  (await readdir(blobs)).filter(name => name.endsWith('.incomplete'));

test('a connection that is cut is taken up where it ended, of the same content', async t => {
  const { hub, fetch, blobs } = await start(t);
  hub.faults.push(cut(blobs, 100_000, 0), cut(blobs, 150_000, 100_000));
  t.deepEqual(await weightsIn(await fetch()), weights);
  t.deepEqual(rangesOf(hub), [undefined, 'bytes=100000-', 'bytes=150000-']);
  t.deepEqual(
    hub.seen(cdn).map(({ headers }) => headers['if-range']),
    [undefined, ...Array(2).fill(`"cdn-${sha256(weights).slice(0, 8)}"`)],
  );
  t.deepEqual(await unfinished(blobs), []);
});

test('a connection that gets nowhere is given up; the next attempt goes on from there', async t => {
  const { hub, fetch, blobs } = await start(t);
  hub.faults.push(cut(blobs, 100_000, 0), { on: cdn, times: 5, cutAfter: 0 });
  await t.throwsAsync(fetch(), {
    code: 'ERR_NETWORK',
    message:
      /model.safetensors of owner\/name from .* after 100000 of 300000 bytes.*what has come so far is kept/s,
  });
  t.deepEqual(await unfinished(blobs), [`${sha256(weights)}.nerbert.incomplete`]);
  hub.requests.length = 0;
  hub.faults.length = 0;
  t.deepEqual(await weightsIn(await fetch()), weights);
  t.deepEqual(rangesOf(hub), ['bytes=100000-']);
  t.deepEqual(await unfinished(blobs), []);
});

test('a body that stands still is given up and taken up again', async t => {
  const { hub, settings } = await start(t);
  hub.faults.push({ on: cdn, times: 1, stallAfter: 100_000 });
  // On a busy machine other requests may seem to stand still too.
  const patient = { ...settings, stallMs: 1000, attempts: 100 };
  const folder = await hubSnapshot('owner/name', 'model', patient);
  t.deepEqual(await weightsIn(folder), weights);
  t.true(rangesOf(hub).length >= 2);
});

test('a server without ranges sends everything again', async t => {
  const { hub, fetch, blobs } = await start(t);
  hub.faults.push(cut(blobs, 100_000, 0), {
    on: cdn,
    times: 1,
    answer: (_, response) => response.end(weights),
  });
  t.deepEqual(await weightsIn(await fetch()), weights);
});

test('a part from elsewhere in the file is not taken', async t => {
  const { hub, fetch, blobs } = await start(t);
  hub.faults.push(cut(blobs, 100_000, 0), {
    on: cdn,
    times: 1,
    answer(_, response) {
      response.writeHead(206, { 'content-range': 'bytes 5-299999/300000' }).end(weights.subarray(5));
    },
  });
  t.deepEqual(await weightsIn(await fetch()), weights);
});

for (const [what, content] of [
  ['other bytes', bytes(300_000, 9)],
  ['more bytes', Buffer.concat([weights, weights])],
] as const) {
  test(`${what} than announced are refused and removed`, async t => {
    const { hub, fetch, blobs } = await start(t);
    hub.faults.push({ on: cdn, times: 9, answer: (_, response) => response.end(content) });
    const error = await t.throwsAsync(fetch(), {
      instanceOf: CheckpointError,
      message: /model.safetensors is not what the hub announced: .*removed/,
    });
    t.regex(error?.message ?? '', /^owner\/name: /);
    t.deepEqual(
      (await readdir(blobs)).filter(name => name.startsWith(sha256(weights))),
      [],
    );
    hub.faults.length = 0;
    t.deepEqual(await weightsIn(await fetch()), weights);
  });
}

test('a small file is checked as well, by its name in Git', async t => {
  const { hub, fetch } = await start(t);
  hub.faults.push({
    on: /resolve.*config.json/,
    times: 9,
    answer: (_, r) => r.end('{"model_type": "BERT"}'),
  });
  await t.throwsAsync(fetch(), { message: /config.json is not what the hub announced: .*SHA-1/ });
});

test('what a killed process left is gone on with; damaged, it is fetched again', async t => {
  for (const [left, ranges] of [
    [weights.subarray(0, 200_000), ['bytes=200000-']],
    [bytes(200_000, 9), ['bytes=200000-', undefined]],
    [Buffer.concat([weights, weights]), [undefined]],
    [weights, []],
  ] as const) {
    const { hub, fetch, blobs } = await start(t);
    await mkdir(blobs, { recursive: true });
    // No process has this number: Linux gives none above 2^22.
    const name = `${sha256(weights)}.nerbert-${hostname().replace(/[^\w.]/g, '_')}-99999999-0.incomplete`;
    await writeFile(join(blobs, name), left);
    t.deepEqual(await weightsIn(await fetch()), weights);
    t.deepEqual(rangesOf(hub), [...ranges]);
    t.deepEqual(await unfinished(blobs), []);
  }
});

test('what a living process or another machine is writing is left alone', async t => {
  const { hub, fetch, blobs } = await start(t);
  await mkdir(blobs, { recursive: true });
  const own = hostname().replace(/[^\w.]/g, '_');
  const names = [`${own}-${process.ppid}-0`, 'elsewhere-99999999-0'].map(
    writer => `${sha256(weights)}.nerbert-${writer}.incomplete`,
  );
  for (const name of names) await writeFile(join(blobs, name), weights.subarray(0, 1000));
  t.deepEqual(await weightsIn(await fetch()), weights);
  t.deepEqual(rangesOf(hub), [undefined]);
  t.deepEqual((await unfinished(blobs)).sort(), names.sort());
});

test('several at once in one process fetch each file once', async t => {
  const { hub, settings } = await start(t);
  const folders = await Promise.all(
    (['model', 'checkpoint', 'model'] as const).map(wanted => hubSnapshot('owner/name', wanted, settings)),
  );
  t.is(new Set(folders).size, 1);
  t.deepEqual(await weightsIn(folders[0] ?? ''), weights);
  t.is(hub.seen(cdn).length, 1);
  t.is(hub.seen(/resolve.*\/config.json/).length, 1);
});

test('an interruption ends a download at once and keeps what has come', async t => {
  const { hub, settings, blobs } = await start(t);
  const controller = new AbortController();
  const reason = new Error('interrupted');
  hub.faults.push({ on: cdn, times: 1, stallAfter: 100_000 });
  const begun = unfinishedOf(blobs, 100_000).then(() => controller.abort(reason));
  const error = await t.throwsAsync(
    hubSnapshot('owner/name', 'model', { ...settings, signal: controller.signal }),
  );
  await begun;
  t.is(error, reason);
  t.is((await unfinished(blobs)).length, 1);
  t.false(existsSync(join(blobs, sha256(weights))));
});
