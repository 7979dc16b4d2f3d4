import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { download, isIntact } from '../../../src/data/download.ts';
import { NerbertError } from '../../../src/errors.ts';
import { serve } from '../../support/file-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const content = Buffer.from('p53\tB-protein\nbinds\tO\n\n'.repeat(10_000));
const expected = { bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };

async function transferFrom(t: ExecutionContext, listener: RequestListener) {
  const { url } = await serve(t, listener);
  const path = join(await temporaryFolder(t), 'a', 'b', 'train.iob2');
  const come: number[] = [];
  return {
    come,
    folder: join(path, '..'),
    transfer: {
      url: `${url}/x/train.iob2`,
      path,
      expected,
      signal: undefined,
      onBytes: (n: number) => come.push(n),
    },
  };
}

test('a file appears whole, and tells on the way how much has come', async t => {
  const { transfer, come, folder } = await transferFrom(t, (_, response) => response.end(content));
  t.false(await isIntact(transfer.path, expected));
  await download(transfer);
  t.deepEqual(await readFile(transfer.path), content);
  t.deepEqual(await readdir(folder), ['train.iob2']);
  t.is(come.at(-1), content.length);
  t.deepEqual(
    [...come].sort((a, b) => a - b),
    come,
  );
  t.true(await isIntact(transfer.path, expected));
});

const half = content.subarray(0, content.length / 2);
const other = Buffer.from(content);
other[100] = 0x20;

const failures: [string, RegExp, RequestListener][] = [
  ['404', /the server answers 404 Not Found\. Check/, (_, response) => response.writeHead(404).end('none')],
  ['500', /the server answers 500/, (_, response) => response.writeHead(500).end()],
  [
    'a connection that is cut',
    /Could not fetch .*train\.iob2: .*(terminated|aborted|closed|hang up)/i,
    (_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(half, () => response.socket?.destroy());
    },
  ],
  [
    'an answer that ends early',
    /the connection ended after 115000 of 230000 bytes/,
    (_, response) => response.end(half),
  ],
  [
    'a wrong byte',
    /Expected the file with the SHA-256 \w{64} .* not kept/,
    (_, response) => response.end(other),
  ],
  [
    'an endless answer',
    /more than 230000 bytes\. It was not kept/,
    (_, response) => {
      const more = () => {
        if (!response.destroyed) response.write(content, more);
      };
      more();
    },
  ],
];

for (const [what, message, listener] of failures) {
  test(`${what}: the reason is told, and nothing is kept or replaced`, async t => {
    const { transfer, folder } = await transferFrom(t, listener);
    const refusal = { instanceOf: NerbertError, code: 'ERR_NETWORK', message };
    await t.throwsAsync(download(transfer), refusal);
    t.deepEqual(await readdir(folder), []);
    await writeFile(transfer.path, 'former');
    await t.throwsAsync(download(transfer), refusal);
    t.is(await readFile(transfer.path, 'utf8'), 'former');
    t.deepEqual(await readdir(folder), ['train.iob2']);
  });
}

test('a server that says nothing is given up', async t => {
  const { transfer, folder } = await transferFrom(t, () => {});
  await t.throwsAsync(download(transfer, 50), { code: 'ERR_NETWORK', message: /nothing came for 0\.05 s/ });
  t.deepEqual(await readdir(folder), []);
});

test('without a server, the reason is told and where the file could be put', async t => {
  const path = join(await temporaryFolder(t), 'train.iob2');
  const closed = { url: 'http://127.0.0.1:1/x', path, expected, signal: undefined, onBytes() {} };
  const message =
    /127\.0\.0\.1:1\/x: .*(ECONNREFUSED|bad port).*put the file there yourself: \/.*train\.iob2/;
  await t.throwsAsync(download(closed), { code: 'ERR_NETWORK', message });
  await t.throwsAsync(download({ ...closed, url: 'nonsense' }), { code: 'ERR_NETWORK', message: /nonsense/ });
});

test('a signal ends it with its reason', async t => {
  const controller = new AbortController();
  const { transfer, folder } = await transferFrom(t, (_, response) => response.write(half));
  const onBytes = () => controller.abort(new Error('enough'));
  await t.throwsAsync(download({ ...transfer, signal: controller.signal, onBytes }), { message: 'enough' });
  t.deepEqual(await readdir(folder), []);
});

test('a file of another content, or a folder in its place, is not intact', async t => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'other'), other);
  await writeFile(join(folder, 'half'), half);
  await mkdir(join(folder, 'folder'));
  for (const name of ['other', 'half', 'folder', 'none'])
    t.false(await isIntact(join(folder, name), expected));
  t.false(await isIntact(join(folder, 'folder'), { ...expected, bytes: 4096 }));
});
