import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { libtorchFiles, temporaryFolder } from './fake-libtorch.ts';
import { ended, rootOf, serve, startFetch, which, zip } from './fetching.ts';

/** A version whose archive's checksum is not known. */
const VERSION = '2.12.0';
const ARCHIVE = `/cpu/libtorch-shared-with-deps-${VERSION}%2Bcpu.zip`;

/** PyTorch's archive in small. */
function archive(t: ExecutionContext): Buffer {
  const files = Object.entries({
    ...libtorchFiles(VERSION),
    'build-version': `${VERSION}+cpu\n`,
    'lib/libdnnl.a': 'static',
    'lib/libtorch_python.so': 'python',
    'include/filler.h': 'x'.repeat(1 << 20),
  }).map(([path, text]) => [`libtorch/${path}`, text]);
  return readFileSync(zip(t, join(temporaryFolder(t), 'a.zip'), Object.fromEntries(files)));
}

/** Without Python only the archive is left. */
function environment(t: ExecutionContext, url: string, cache = temporaryFolder(t)): NodeJS.ProcessEnv {
  const path = mkdtempSync(join(temporaryFolder(t), 'bin-'));
  symlinkSync(which('cmake') ?? '', join(path, 'cmake'));
  return { PATH: path, NERBERT_CACHE: cache, NERBERT_TORCH_VERSION: VERSION, NERBERT_LIBTORCH_URL: url };
}

const entries = (cache: string): string[] => readdirSync(join(cache, 'libtorch'));

test('the archive is fetched where there is no Python: size told before, what is needed kept', async t => {
  const body = archive(t);
  const asked: (string | undefined)[] = [];
  const url = await serve(t, (request, response) => {
    asked.push(request.url);
    response.writeHead(200, { 'content-length': body.length }).end(body);
  });
  const env = environment(t, url);
  const first = await ended(startFetch(env));
  t.is(first.code, 0, first.stderr);
  t.deepEqual(asked, [ARCHIVE]);
  t.regex(first.stdout, /no python3/);
  t.regex(first.stdout, /downloading http:.*\(\d+(\.\d)? MB\)/);
  const root = rootOf(first);
  t.is(readFileSync(join(root, 'lib', 'libtorch_cpu.so'), 'utf8'), 'libtorch_cpu');
  t.deepEqual(readdirSync(join(root, 'lib')).sort(), ['libc10.so', 'libgomp.so.1', 'libtorch_cpu.so']);

  const second = await ended(startFetch(env));
  t.is(rootOf(second), root);
  t.regex(second.stdout, /from the cache/);
  t.is(asked.length, 1);
});

test('a wrong checksum, an unfinished, a damaged and a missing archive are told with remedies; nothing is kept', async t => {
  const body = archive(t);
  const damaged = Buffer.from(body);
  const header = damaged.indexOf('libtorch/lib/libtorch_cpu.so') - 30;
  const data = header + 30 + damaged.readUInt16LE(header + 26) + damaged.readUInt16LE(header + 28);
  damaged.writeUInt8(damaged.readUInt8(data + 4) ^ 1, data + 4);
  const answers: [string, (response: ServerResponse) => void, RegExp][] = [
    [
      '2.13.0',
      response => response.end(body),
      /checksum .* is wrong: SHA-256 is [0-9a-f]{64}, expected edbf4cbe/,
    ],
    [
      VERSION,
      response => {
        response.writeHead(200, { 'content-length': body.length });
        response.write(body.subarray(0, body.length / 2), () => response.destroy());
      },
      /broke off after/,
    ],
    [VERSION, response => response.end(body.subarray(0, body.length / 2)), /could not be unpacked/],
    [VERSION, response => response.end(damaged), /could not be unpacked/],
    [VERSION, response => response.writeHead(404).end(), /answers 404/],
  ];
  for (const [version, answer, message] of answers) {
    const url = await serve(t, (_, response) => answer(response));
    const env: NodeJS.ProcessEnv = { ...environment(t, url), NERBERT_TORCH_VERSION: version };
    const result = await ended(startFetch(env));
    t.is(result.code, 1);
    t.regex(result.stderr, message);
    t.regex(result.stderr, /What to do/);
    t.regex(result.stderr, /install Python 3 with pip/);
    t.notRegex(result.stderr, /^\s+at /m);
    t.deepEqual(entries(env.NERBERT_CACHE ?? ''), []);
  }
});

test('an address that cannot be reached is named', async t => {
  const env = environment(t, 'http://127.0.0.1:1');
  const result = await ended(startFetch(env));
  t.is(result.code, 1);
  t.regex(result.stderr, /127\.0\.0\.1:1.*cannot be reached/);
  t.regex(result.stderr, /NERBERT_LIBTORCH/);
});

test('an install that is killed on the way leaves nothing that is believed, and the next one succeeds', async t => {
  const body = archive(t);
  const url = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': body.length });
    response.write(body.subarray(0, body.length / 2));
  });
  const env = environment(t, url);
  const child = startFetch(env);
  for await (const text of child.stdout?.setEncoding('utf8') ?? []) if (text.includes('downloading')) break;
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.true(entries(env.NERBERT_CACHE ?? '').every(name => name.startsWith('.staging-')));

  const whole = await serve(t, (_, response) => response.end(body));
  const next = await ended(startFetch(environment(t, whole, env.NERBERT_CACHE)));
  t.is(next.code, 0, next.stderr);
  t.deepEqual(entries(env.NERBERT_CACHE ?? ''), [`${VERSION}+cpu-${process.arch}`]);
});

test('an install that is interrupted cleans up after itself', async t => {
  const body = archive(t);
  const url = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': body.length });
    response.write(body.subarray(0, body.length / 2));
  });
  const env = environment(t, url);
  const child = startFetch(env);
  for await (const text of child.stdout?.setEncoding('utf8') ?? []) if (text.includes('downloading')) break;
  child.kill('SIGTERM');
  await once(child, 'exit');
  t.deepEqual(entries(env.NERBERT_CACHE ?? ''), []);
});

test('two installs at once end with one entry that both use', async t => {
  const body = archive(t);
  const url = await serve(t, (_, response) => response.end(body));
  const env = environment(t, url);
  const results = await Promise.all([ended(startFetch(env)), ended(startFetch(env))]);
  for (const result of results) t.is(result.code, 0, result.stderr);
  t.is(new Set(results.map(rootOf)).size, 1);
  t.true(existsSync(join(rootOf(results[0] ?? results[1] ?? t.fail()), 'include', 'ATen', 'ATen.h')));
  t.is(entries(env.NERBERT_CACHE ?? '').length, 1);
});
