import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { NerbertError } from '../../src/errors.ts';
import { makeFolder, writeFileAtomically } from '../../src/files.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

test('writes text and bytes and leaves nothing beside them', async t => {
  const folder = await temporaryFolder(t);
  await writeFileAtomically(join(folder, 'a.txt'), 'ä\n');
  await writeFileAtomically(join(folder, 'b.bin'), Uint8Array.of(1, 0, 255));
  t.is(await readFile(join(folder, 'a.txt'), 'utf8'), 'ä\n');
  t.deepEqual([...(await readFile(join(folder, 'b.bin')))], [1, 0, 255]);
  t.deepEqual((await readdir(folder)).sort(), ['a.txt', 'b.bin']);
});

test('the former content is there until the new one is complete', async t => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'model.safetensors');
  await writeFile(path, 'old');
  await writeFileAtomically(path, async temporary => {
    await writeFile(temporary, 'half');
    t.is(await readFile(path, 'utf8'), 'old');
    await writeFile(temporary, 'whole');
  });
  t.is(await readFile(path, 'utf8'), 'whole');
});

test('a failing writer leaves the former file whole, removes its own, and its error comes through', async t => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'model.safetensors');
  await writeFile(path, 'old');
  const failure = new NerbertError('ERR_TEST', 'the engine failed');
  const error = await t.throwsAsync(
    writeFileAtomically(path, async temporary => {
      await writeFile(temporary, 'half');
      throw failure;
    }),
  );
  t.is(error, failure);
  t.is(await readFile(path, 'utf8'), 'old');
  t.deepEqual(await readdir(folder), ['model.safetensors']);
});

test('writers at once do not mix', async t => {
  const folder = await temporaryFolder(t);
  const path = join(folder, 'x');
  const contents = Array.from({ length: 8 }, (_, index) => String(index).repeat(10_000));
  await Promise.all(contents.map(content => writeFileAtomically(path, content)));
  t.true(contents.includes(await readFile(path, 'utf8')));
  t.deepEqual(await readdir(folder), ['x']);
});

test('what the file system refuses is said with the remedy', async t => {
  const folder = await temporaryFolder(t);
  const expectRefusal = (path: string, message: RegExp) =>
    t.throwsAsync(writeFileAtomically(path, 'x'), { instanceOf: NerbertError, code: 'ERR_IO', message });
  await expectRefusal(join(folder, 'none', 'x'), /Could not write .*none\/x: the folder does not exist/);
  await mkdir(join(folder, 'sub'));
  await expectRefusal(join(folder, 'sub'), /there is a folder of that name/);
  await writeFile(join(folder, 'file'), '');
  await expectRefusal(join(folder, 'file', 'x'), /a part of the path is a file/);
  await expectRefusal('/proc/x', /Could not write \/proc\/x: /);
  t.deepEqual((await readdir(folder)).sort(), ['file', 'sub']);
});

test('makes a folder with those above it, and takes one that is there', async t => {
  const folder = join(await temporaryFolder(t), 'a', 'b');
  await makeFolder(folder);
  await makeFolder(folder);
  t.true((await stat(folder)).isDirectory());
});

test('a folder that cannot be made or written to is named with the reason', async t => {
  const folder = await temporaryFolder(t);
  const expectRefusal = (path: string, message: RegExp) =>
    t.throwsAsync(makeFolder(path), { instanceOf: NerbertError, code: 'ERR_IO', message });
  await writeFile(join(folder, 'file'), '');
  await expectRefusal(join(folder, 'file'), /Could not write to the folder .*: there is a file of that name/);
  await expectRefusal(join(folder, 'file', 'x'), /a part of the path is a file/);
  if (process.getuid?.() === 0) return; // root may write anywhere
  await chmod(folder, 0o500);
  await expectRefusal(folder, /permission denied/);
});

test('a full disk leaves the former file whole', async t => {
  const full = await stat('/dev/full').catch(() => undefined);
  if (full === undefined) {
    t.pass('no /dev/full here');
    return;
  }
  const folder = await temporaryFolder(t);
  const path = join(folder, 'x');
  await writeFile(path, 'old');
  await t.throwsAsync(
    writeFileAtomically(path, () => writeFile('/dev/full', 'x')),
    { instanceOf: NerbertError, code: 'ERR_IO', message: /no space left on the disk/ },
  );
  t.is(await readFile(path, 'utf8'), 'old');
  t.deepEqual(await readdir(folder), ['x']);
});
