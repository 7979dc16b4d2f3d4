import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import test from 'ava';
import { runChild } from '../../support/child.ts';
import { start } from '../../support/cli.ts';
import { bytes, smallModel, startHub, unfinishedOf } from '../../support/hub.ts';

const child = 'unit/hub/children/fetch.ts';
const weights = bytes(300_000);

test('two processes at once both get the model whole', async t => {
  const { hub, settings } = await startHub(t);
  const commit = hub.commit('owner/name', smallModel);
  const waiting: ServerResponse[] = [];
  hub.faults.push({
    on: /GET cdn/,
    times: 2,
    answer(_, response) {
      response.write(weights.subarray(0, 100_000));
      waiting.push(response);
      // Neither goes on before the other has begun.
      if (waiting.length === 2) for (const begun of waiting) begun.end(weights.subarray(100_000));
    },
  });
  const args = [hub.endpoint, settings.cacheDir, 'owner/name'];
  const results = await Promise.all([runChild(child, { args }), runChild(child, { args })]);
  const model = join(settings.cacheDir, 'models--owner--name');
  const folder = join(model, 'snapshots', commit);
  t.deepEqual(
    results.map(({ code, stdout }) => [code, stdout.trim()]),
    [
      [0, folder],
      [0, folder],
    ],
  );
  t.deepEqual(await readFile(join(folder, 'model.safetensors')), weights);
  t.deepEqual(
    (await readdir(join(model, 'blobs'))).filter(name => name.includes('incomplete')),
    [],
  );
});

test('after a killed process the next one goes on', async t => {
  const { hub, settings } = await startHub(t);
  hub.commit('owner/name', smallModel);
  hub.faults.push({ on: /GET cdn/, times: 1, stallAfter: 200_000 });
  const args = [hub.endpoint, settings.cacheDir, 'owner/name'];
  const victim = start(join('test', child), args);
  const ended = once(victim, 'exit');
  const blobs = join(settings.cacheDir, 'models--owner--name', 'blobs');
  const left = await unfinishedOf(blobs, 200_000);
  victim.kill('SIGKILL');
  await ended;
  t.regex(left, /\.nerbert-.*-\d+-0\.incomplete$/);

  const { code, stdout, stderr } = await runChild(child, { args });
  t.is(code, 0);
  t.deepEqual(await readFile(join(stdout.trim(), 'model.safetensors')), weights);
  t.regex(stderr, /^Downloading owner\/name from http.* to .*hub: model.safetensors, 300 kB\n$/);
  t.deepEqual(
    hub.seen(/GET cdn/).map(({ headers }) => headers.range),
    [undefined, 'bytes=200000-'],
  );
  t.deepEqual(
    (await readdir(blobs)).filter(name => name.includes('incomplete')),
    [],
  );
});
