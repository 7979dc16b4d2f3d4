import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { basename, join } from 'node:path';
import test from 'ava';
import { cacheFolder, findCached, publish } from '../../../scripts/libtorch/cache.mjs';
import { createStaging } from '../../../scripts/libtorch/staging.mjs';
import { temporaryFolder, writeTree } from './fake-libtorch.ts';

const about = {
  version: '2.13.0',
  build: '2.13.0+cpu',
  arch: 'x64',
  cpuPart: false,
  index: null,
  source: 'a.whl',
};

/** A staged tree as fetching leaves it. */
function stage(cache: string, text = 'headers'): string {
  return writeTree(join(createStaging(cache), 'tree'), {
    'torch/include/ATen/ATen.h': text,
    'torch/lib/libc10.so': 'library',
  });
}

test('the cache lies where NERBERT_CACHE, XDG_CACHE_HOME or the home folder say', t => {
  t.is(cacheFolder({ NERBERT_CACHE: '/a', XDG_CACHE_HOME: '/b' }), '/a/libtorch');
  t.is(cacheFolder({ XDG_CACHE_HOME: '/b' }), '/b/nerbert/libtorch');
  t.is(cacheFolder({}), join(homedir(), '.cache/nerbert/libtorch'));
  // The XDG specification has relative paths ignored.
  t.is(cacheFolder({ XDG_CACHE_HOME: 'b' }), join(homedir(), '.cache/nerbert/libtorch'));
});

test('what was published is found by those whom it fits', async t => {
  const cache = temporaryFolder(t);
  const root = await publish(stage(cache), cache, about);
  t.is(root, join(cache, '2.13.0+cpu-x64', 'torch'));
  t.is(
    findCached(cache, manifest => manifest.version === '2.13.0'),
    root,
  );
  t.is(
    findCached(cache, manifest => manifest.version === '2.14.1'),
    undefined,
  );
  t.is(
    findCached(join(cache, 'absent'), () => true),
    undefined,
  );
});

test('part of a CUDA build and builds of another index are entries of their own', async t => {
  const cache = temporaryFolder(t);
  await publish(stage(cache), cache, about);
  await publish(stage(cache), cache, { ...about, cpuPart: true });
  await publish(stage(cache), cache, { ...about, index: 'https://example.org/simple' });
  t.is(readdirSync(cache).filter(name => !name.startsWith('.')).length, 3);
});

test('of two installs at once the first wins and both have a whole entry', async t => {
  const cache = temporaryFolder(t);
  const trees = [stage(cache), stage(cache)];
  const roots = await Promise.all(trees.map(tree => publish(tree, cache, about)));
  t.is(roots[0], roots[1]);
  t.is(
    findCached(cache, () => true),
    roots[0],
  );
});

test('a damaged entry is not believed and removed', async t => {
  const cache = temporaryFolder(t);
  const damages: ((root: string) => void)[] = [
    root => rmSync(join(root, 'lib', 'libc10.so')),
    root => truncateSync(join(root, 'lib', 'libc10.so'), 3),
    root => rmSync(join(root, '..', 'manifest.json')),
    root => truncateSync(join(root, '..', 'manifest.json'), 20),
  ];
  for (const damage of damages) {
    const root = await publish(stage(cache), cache, about);
    damage(root);
    t.is(
      findCached(cache, () => true),
      undefined,
    );
    t.false(existsSync(root));
  }
});

test('staging folders of ended processes are removed, those of running ones and of other machines stay', async t => {
  const cache = temporaryFolder(t);
  const ended = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await new Promise(resolve => ended.on('exit', resolve));
  const abandoned = join(cache, `.staging-${hostname()}-${ended.pid}-a`);
  const elsewhere = join(cache, `.staging-another-machine-${ended.pid}-a`);
  for (const folder of [abandoned, elsewhere]) mkdirSync(folder);
  const own = createStaging(cache);
  const second = createStaging(cache);
  const left = new Set(readdirSync(cache));
  t.false(left.has(basename(abandoned)));
  for (const folder of [elsewhere, own, second]) t.true(left.has(basename(folder)));
});

test('a cache that cannot be made is named, with NERBERT_CACHE as remedy', t => {
  const file = join(writeTree(temporaryFolder(t), { file: '' }), 'file', 'libtorch');
  const error = t.throws(() => createStaging(file), { name: 'InstallError', message: /cannot be made/ });
  t.true((error as unknown as { remedies: string[] }).remedies[0]?.includes('NERBERT_CACHE'));
});
