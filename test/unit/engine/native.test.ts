import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { libtorchInfo, loadFrom, loadNative } from '../../../src/engine/native.ts';
import { NativeError } from '../../../src/errors.ts';
import { projectRoot } from '../../support/shared.ts';

const RELEASE = join('build', 'Release');

/** A package folder with files. */
function packageFolder(t: ExecutionContext, files: Record<string, string | Buffer>): string {
  const folder = mkdtempSync(join(tmpdir(), 'nerbert-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

const built = (name: string): Buffer => readFileSync(join(projectRoot, RELEASE, name));
const recorded = (): string => JSON.parse(built('libtorch.json').toString()).libtorch;

/** A refusal in the form that all share: what is wrong, then remedies. */
function refused(t: ExecutionContext, load: () => unknown, message: RegExp, remedy: RegExp): void {
  const error = t.throws(load, { instanceOf: NativeError, code: 'ERR_ADDON', message });
  const remedies = error?.message.split('What to do:\n')[1] ?? '';
  t.regex(remedies, /^ {2}- /);
  t.regex(remedies, remedy);
}

test('the addon is loaded once, beside the libtorch that was recorded', t => {
  const addon = loadNative();
  t.is(loadNative(), addon);
  t.is(typeof addon.Session, 'function');
  t.true(addon.runtimeInfo().libtorch.startsWith(libtorchInfo().version));
});

test('the process has one OpenMP runtime, that of libtorch', t => {
  loadNative();
  const maps = readFileSync('/proc/self/maps', 'utf8').matchAll(/\S*\/lib(?:g|i)omp\S*/g);
  const runtimes = new Set(Array.from(maps, match => match[0]));
  t.is(runtimes.size, 1);
});

test('worker threads load the addon too, and the main thread keeps its own', async t => {
  const addon = loadNative();
  const loader = pathToFileURL(join(projectRoot, 'test', 'support', 'tsx.mjs')).href;
  const native = pathToFileURL(join(projectRoot, 'src', 'engine', 'native.ts')).href;
  const program = `
    const { parentPort } = require('node:worker_threads');
    import('${loader}').then(() => import('${native}'))
      .then(({ loadNative }) => parentPort.postMessage(loadNative().runtimeInfo()));
  `;
  for (let i = 0; i < 2; i++) {
    const worker = new Worker(program, { eval: true });
    const info = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
    t.deepEqual(info, addon.runtimeInfo());
    await worker.terminate();
  }
  t.is(loadNative(), addon);
});

test('a package without an addon says where it was looked for and how to get one', t => {
  const folder = packageFolder(t, { 'package.json': '{}' });
  const places = new RegExp(`${folder}/build/Release or ${folder}/prebuilds/linux-`);
  refused(t, () => loadFrom(folder, undefined), places, /npm rebuild nerbert/);
  refused(t, () => loadFrom(folder, undefined), places, /--ignore-scripts/);
});

test('an addon without a record of libtorch asks for NERBERT_LIBTORCH', t => {
  const folder = packageFolder(t, {
    [`${RELEASE}/nerbert_loader.node`]: built('nerbert_loader.node'),
    [`${RELEASE}/nerbert.node`]: built('nerbert.node'),
  });
  refused(t, () => loadFrom(folder, undefined), /libtorch\.json/, /NERBERT_LIBTORCH/);
  t.is(loadFrom(folder, recorded()).libtorch.path, recorded());
});

test('a prebuilt addon is used where none was compiled', t => {
  const prebuilds = `prebuilds/${process.platform}-${process.arch}`;
  const folder = packageFolder(t, {
    [`${prebuilds}/nerbert_loader.node`]: built('nerbert_loader.node'),
    [`${prebuilds}/nerbert-libtorch2.13.node`]: built('nerbert.node'),
  });
  t.is(typeof loadFrom(folder, recorded()).addon.Session, 'function');
});

test('a library of libtorch that is missing or broken is named', t => {
  const folder = packageFolder(t, {
    [`${RELEASE}/nerbert_loader.node`]: built('nerbert_loader.node'),
    [`${RELEASE}/nerbert.node`]: built('nerbert.node'),
    'empty/lib/readme': '',
    'broken/lib/libc10.so': 'not a library',
  });
  refused(
    t,
    () => loadFrom(folder, join(folder, 'empty')),
    /there is no .*empty\/lib\/libc10\.so/,
    /NERBERT_LIBTORCH/,
  );
  refused(t, () => loadFrom(folder, join(folder, 'broken')), /broken\/lib\/libc10\.so/, /reinstall/);
});

test('an addon that was built with another minor version of libtorch is refused before it is loaded', t => {
  const addon = built('nerbert.node')
    .toString('latin1')
    .replace(/nerbert-libtorch=2\.\d+\./, 'nerbert-libtorch=2.99.');
  const folder = packageFolder(t, {
    [`${RELEASE}/nerbert_loader.node`]: built('nerbert_loader.node'),
    [`${RELEASE}/nerbert.node`]: Buffer.from(addon, 'latin1'),
  });
  const { version } = libtorchInfo();
  const message = new RegExp(`built with libtorch 2\\.99\\.\\d+, but the one in .* is ${version}`);
  refused(t, () => loadFrom(folder, recorded()), message, /NERBERT_LIBTORCH to a libtorch 2\.99/);
});

test('a file that is no addon is named', t => {
  const folder = packageFolder(t, {
    [`${RELEASE}/nerbert_loader.node`]: 'not a library',
    [`${RELEASE}/nerbert.node`]: 'not a library',
  });
  refused(t, () => loadFrom(folder, recorded()), /nerbert_loader\.node cannot be loaded/, /npm rebuild/);
});
