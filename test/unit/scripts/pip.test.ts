import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import baseTest, { type ExecutionContext } from 'ava';
import { pipState } from '../../../scripts/libtorch/python.mjs';
import { libtorchFiles, temporaryFolder } from './fake-libtorch.ts';
import { ended, rootOf, type ScriptResult, serve, startFetch, zip } from './fetching.ts';

const test = pipState() === 'ok' ? baseTest : baseTest.skip;

const VERSION = '2.12.0';
const ARCH = process.arch === 'arm64' ? 'aarch64' : 'x86_64';

/** A wheel in a new folder. */
function wheel(
  t: ExecutionContext,
  file: string,
  files: Record<string, string>,
  requires: string[] = [],
): string {
  const [name, version] = file.split('-');
  const info = `${name}-${version}.dist-info`;
  const metadata = [
    'Metadata-Version: 2.1',
    `Name: ${name}`,
    `Version: ${version}`,
    ...requires.flatMap(requirement => {
      const extra = /extra == "(.*)"/.exec(requirement)?.[1];
      return [...(extra ? [`Provides-Extra: ${extra}`] : []), `Requires-Dist: ${requirement}`];
    }),
    '',
  ];
  return zip(t, join(temporaryFolder(t), file), {
    ...files,
    [`${info}/METADATA`]: metadata.join('\n'),
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: py3-none-any\n',
    [`${info}/RECORD`]: '',
    [`${info}/licenses/LICENSE`]: 'licence',
  });
}

function torchWheel(t: ExecutionContext, tag = 'py3-none-any', cuda = false): string {
  const files = {
    ...libtorchFiles(VERSION),
    'version.py': `__version__ = '${VERSION}+${cuda ? 'cu130' : 'cpu'}'\n`,
  };
  const cudaFiles = {
    'torch/lib/libtorch_cuda.so': 'libtorch_cuda',
    'torch/lib/libc10_cuda.so': 'libc10_cuda',
    'torch/include/c10/cuda/impl/cuda_cmake_macros.h': '',
  };
  return wheel(
    t,
    `torch-${VERSION}-${tag}.whl`,
    {
      ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`torch/${path}`, text])),
      'torch/__init__.py': 'raise ImportError',
      'torch/lib/libtorch_python.so': 'python',
      ...(cuda ? cudaFiles : {}),
    },
    ['sympy>=1', ...(cuda ? ['cuda-toolkit[cudart,cupti,cublas]==13.0.3; platform_system == "Linux"'] : [])],
  );
}

/** NVIDIA's packages in small: a meta-package whose extras name them. */
function nvidiaWheels(t: ExecutionContext): string[] {
  const parts = [
    ['cudart', 'nvidia_cuda_runtime', 'libcudart.so.13'],
    ['cupti', 'nvidia_cuda_cupti', 'libcupti.so.13'],
    ['cublas', 'nvidia_cublas', 'libcublas.so.13'],
  ];
  const toolkit = parts.map(([extra, name]) => `${name}==1.0; extra == "${extra}"`);
  return [
    wheel(t, 'cuda_toolkit-13.0.3-py3-none-any.whl', {}, toolkit),
    ...parts.map(([, name, library]) =>
      wheel(t, `${name}-1.0-py3-none-any.whl`, { [`nvidia/cu13/lib/${library}`]: 'nvidia' }),
    ),
  ];
}

/** Address of a package index that holds some wheels. */
async function serveIndex(t: ExecutionContext, wheels: string[], wrongHash = false): Promise<string> {
  const url = await serve(t, (request, response) => {
    const path = decodeURIComponent(request.url ?? '');
    const file = wheels.find(candidate => path === `/files/${basename(candidate)}`);
    if (file !== undefined) return response.end(readFileSync(file));
    const project = /^\/simple\/([^/]+)\/$/.exec(path)?.[1];
    const links = wheels
      .filter(candidate => basename(candidate).split('-')[0]?.replaceAll('_', '-') === project)
      .map(candidate => {
        const hash = createHash('sha256')
          .update(wrongHash ? 'another' : readFileSync(candidate))
          .digest('hex');
        return `<a href="/files/${basename(candidate)}#sha256=${hash}">${basename(candidate)}</a>`;
      });
    response.writeHead(links.length > 0 ? 200 : 404, { 'content-type': 'text/html' });
    return response.end(`<!DOCTYPE html><html><body>${links.join('\n')}</body></html>`);
  });
  return `${url}/simple`;
}

/** pip as it is without configuration; the archive's site cannot be reached. */
function environment(t: ExecutionContext, index: string, cache = temporaryFolder(t)): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    PIP_CONFIG_FILE: '/dev/null',
    PIP_NO_CACHE_DIR: '1',
    PIP_RETRIES: '0',
    NERBERT_CACHE: cache,
    NERBERT_TORCH_VERSION: VERSION,
    NERBERT_TORCH_INDEX: index,
    NERBERT_LIBTORCH_URL: 'http://127.0.0.1:1',
  };
}

const fetched = (t: ExecutionContext, result: ScriptResult): string => {
  t.is(result.code, 0, result.stderr);
  return rootOf(result);
};

test('the CPU build is fetched from the index that NERBERT_TORCH_INDEX names, without the Python parts', async t => {
  const index = await serveIndex(t, [torchWheel(t)]);
  const env = environment(t, index);
  const first = await ended(startFetch(env));
  const root = fetched(t, first);
  t.true(first.stdout.includes(index));
  t.regex(first.stdout, /Downloading .*torch-2\.12\.0.*kB\)/);
  t.deepEqual(readdirSync(join(root, 'lib')).sort(), ['libc10.so', 'libgomp.so.1', 'libtorch_cpu.so']);
  t.false(existsSync(join(root, '__init__.py')));
  t.true(existsSync(join(root, '..', `torch-${VERSION}.dist-info`, 'licenses', 'LICENSE')));

  const second = await ended(startFetch(env));
  t.is(fetched(t, second), root);
  t.regex(second.stdout, /from the cache/);
});

test('of a CUDA build without a driver only what the CPU needs is kept; with a driver all is fetched', async t => {
  const index = await serveIndex(t, [torchWheel(t, 'py3-none-any', true), ...nvidiaWheels(t)]);
  const env = environment(t, index);
  const cpu = await ended(startFetch(env));
  const part = fetched(t, cpu);
  t.regex(cpu.stdout, /CUDA build, but there is no NVIDIA driver/);
  t.false(existsSync(join(part, 'lib', 'libtorch_cuda.so')));
  const nvidia = join('..', 'nvidia', 'cu13', 'lib');
  t.deepEqual(readdirSync(join(part, nvidia)).sort(), ['libcudart.so.13', 'libcupti.so.13']);

  const whole = fetched(t, await ended(startFetch(env, true)));
  t.not(whole, part);
  t.true(existsSync(join(whole, 'lib', 'libtorch_cuda.so')));
  t.deepEqual(readdirSync(join(whole, nvidia)).sort(), [
    'libcublas.so.13',
    'libcudart.so.13',
    'libcupti.so.13',
  ]);
});

test('a Python that has no wheel of that version takes the libraries from that of another', async t => {
  const index = await serveIndex(t, [torchWheel(t, `cp312-cp312-manylinux_2_28_${ARCH}`)]);
  fetched(t, await ended(startFetch(environment(t, index))));
});

test('a wheel whose hash is not that of the index is refused, and nothing is kept', async t => {
  const env = environment(t, await serveIndex(t, [torchWheel(t)], true));
  const result = await ended(startFetch(env));
  t.is(result.code, 1);
  t.regex(result.stderr, /DO NOT MATCH THE HASHES/);
  t.deepEqual(readdirSync(join(env.NERBERT_CACHE ?? '', 'libtorch')), []);
});

test('an install that is interrupted ends pip too, and nothing is kept', async t => {
  t.timeout(60_000, 'pip still holds its connection');
  const file = basename(torchWheel(t));
  const asked = new EventEmitter();
  const url = await serve(t, (request, response) => {
    if (request.url !== '/simple/torch/') return void asked.emit('wheel', request.socket);
    response.setHeader('content-type', 'text/html');
    return response.end(`<a href="/files/${file}">${file}</a>`);
  });
  const env: NodeJS.ProcessEnv = { ...environment(t, `${url}/simple`), PIP_DEFAULT_TIMEOUT: '600' };
  const child = startFetch(env);
  const [connection] = await once(asked, 'wheel');
  const connectionEnds = once(connection, 'close');
  child.kill('SIGTERM');
  await once(child, 'exit');
  t.deepEqual(readdirSync(join(env.NERBERT_CACHE ?? '', 'libtorch')), []);
  await connectionEnds;
});

test("an index without torch is told in pip's words, after the archive was tried too", async t => {
  const env = environment(t, await serveIndex(t, []));
  const result = await ended(startFetch(env));
  t.is(result.code, 1);
  const message = result.stderr.slice(result.stderr.indexOf('nerbert could not be installed'));
  t.regex(message, /No matching distribution found for torch==2\.12\.0/);
  t.regex(message, /127\.0\.0\.1:1.* cannot be reached/s);
  t.regex(message, /NERBERT_TORCH_INDEX/);
  t.notRegex(message, /^\s+at /m);
});
