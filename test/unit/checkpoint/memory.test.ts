import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { checkpoint, hostileFiles } from '../../support/checkpoints.ts';
import { projectRoot } from '../../support/shared.ts';

const mebibyte = 2 ** 20;
const allowance = 64 * mebibyte;

/** By how many bytes the memory of a fresh process rises while it reads files one after the other. */
async function memoryRise(files: string[]): Promise<number> {
  const script = join(projectRoot, 'test', 'support', 'reading-memory.ts');
  const { stdout } = await promisify(execFile)(process.execPath, ['--import=tsx', script, ...files], {
    cwd: projectRoot,
  });
  return Number(stdout);
}

test.serial('the hostile files of the goldens take little memory', async t => {
  const files = hostileFiles
    .filter(({ file }) => !file.startsWith('config-'))
    .map(({ file }) => checkpoint('hostile', file));
  t.true((await memoryRise(files)) < allowance);
});

/** A safetensors file that is all header. */
function headerOnly(json: string): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, Buffer.from(json)]);
}

function pickle(body: string): Buffer {
  return Buffer.from(`\x80\x02${body}`, 'latin1');
}

const manyKeys = Array.from({ length: 80_000 }, (_, index) => `"a${index}":0`).join(',');

const bombs: [string, string, Buffer][] = [
  ['a header of nested lists', 'x.safetensors', headerOnly(`{"a":${'['.repeat(5e5)}${']'.repeat(5e5)}}`)],
  ['a header of empty lists', 'x.safetensors', headerOnly(`{"a":[${Array(3e5).fill('[]')}]}`)],
  ['a header of many names', 'x.safetensors', headerOnly(`{${manyKeys}}`)],
  ['a pickle of empty dicts', 'x.bin', pickle('}'.repeat(4 * mebibyte))],
  ['a pickle of memoised values', 'x.bin', pickle(`N${'\x94'.repeat(4 * mebibyte)}`)],
  ['a pickle of large integers', 'x.bin', pickle('\x8a\x0812345678'.repeat(4e5))],
];

for (const [what, name, bytes] of bombs) {
  test.serial(`${what} takes little memory`, async t => {
    const folder = await mkdtemp(join(tmpdir(), 'nerbert-'));
    t.teardown(() => rm(folder, { recursive: true }));
    const file = join(folder, name);
    await writeFile(file, bytes);
    t.true((await memoryRise([file])) < bytes.length + allowance);
  });
}
