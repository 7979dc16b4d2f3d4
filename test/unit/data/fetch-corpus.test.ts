import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { cacheFolder as libtorchCache } from '../../../scripts/libtorch/cache.mjs';
import { cacheFolder } from '../../../src/cache-folder.ts';
import { readDataFromFile } from '../../../src/data/conll.ts';
import { type Corpus, type CorpusName, corpora, corpusNames } from '../../../src/data/corpora.ts';
import { fetchCorpus } from '../../../src/data/fetch-corpus.ts';
import { NerbertError, OptionError } from '../../../src/errors.ts';
import { serve } from '../../support/file-server.ts';
import { shared, testWith } from '../../support/shared.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/** The files of the corpora as they lie beside the project, by their paths on GitHub. */
const originals = new Map<string, string>(
  Object.entries(corpora).flatMap(([name, { repository, commit, files }]: [string, Corpus]) =>
    Object.values(files).map(
      file => [`/${repository}/${commit}/${file.path}`, shared('data', name, file.name)] as const,
    ),
  ),
);

const sizes = {
  jnlpba: { train: [18_546, 492_551], test: [3_856, 101_039] },
  'ncbi-disease': { train: [5_424, 135_701], devel: [923, 23_969], test: [940, 24_497] },
};

// The environment is the process's, so those that set it follow one another.

async function fetchTwice(t: ExecutionContext, name: CorpusName): Promise<void> {
  const { url, asked } = await serve(t, (request, response) => {
    const path = originals.get(request.url ?? '');
    if (path) createReadStream(path).pipe(response);
    else response.writeHead(404).end();
  });
  process.env.NERBERT_DATA_URL = `${url}/`;
  process.env.NERBERT_CACHE = await temporaryFolder(t);
  const notices: string[] = [];
  const progress: string[] = [];
  const options = {
    onNotice: (text: string) => notices.push(text),
    onProgress: (file: string, bytes: number, total: number) => progress.push(`${file} ${bytes === total}`),
  };
  const files: Record<string, string> = await fetchCorpus(name, options);
  const wanted: Record<string, number[]> = sizes[name];
  t.deepEqual(Object.keys(files), Object.keys(wanted));
  for (const [part, path] of Object.entries(files)) {
    t.true(path.startsWith(join(process.env.NERBERT_CACHE, 'data', name)));
    const samples = await readDataFromFile(path);
    const words = samples.reduce((sum, sample) => sum + sample.words.length, 0);
    t.deepEqual([samples.length, words], wanted[part]);
  }
  t.is(notices.length, 1);
  t.regex(notices[0] ?? '', /licence: .*\n {2}to be named: /);
  t.true(progress.includes(`${corpora[name].files.test.name} true`));

  const before = asked.length;
  const again: Record<string, string> = await fetchCorpus(name, options);
  t.deepEqual(again, files);
  t.deepEqual([asked.length, notices.length], [before, 1], 'the second time all is there');
  const { test: damaged = '' } = files;
  const whole = await readFile(damaged);
  await writeFile(damaged, Buffer.concat([Buffer.from('!'), whole.subarray(1)]));
  await fetchCorpus(name);
  t.is(asked.length, before + 1, 'a damaged file is fetched anew');
  t.deepEqual(await readFile(damaged), whole);
}

testWith(test, ...originals.values())(
  'a corpus is fetched, checked, told of once, kept and read',
  async t => {
    for (const name of corpusNames) await fetchTwice(t, name);
  },
);

test.serial('a wrong file is refused and not kept', async t => {
  const { url } = await serve(t, (_, response) => response.end('p53\tB-protein\n'.repeat(70_000)));
  process.env.NERBERT_DATA_URL = url;
  process.env.NERBERT_CACHE = await temporaryFolder(t);
  await t.throwsAsync(fetchCorpus('ncbi-disease'), { instanceOf: NerbertError, code: 'ERR_NETWORK' });
  t.false(existsSync(join(process.env.NERBERT_CACHE, 'data', 'ncbi-disease', '780018cb0aad', 'train.tsv')));
});

test.serial('a cache that cannot be written to is told', async t => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'file'), '');
  process.env.NERBERT_CACHE = join(folder, 'file');
  await t.throwsAsync(fetchCorpus('jnlpba'), { instanceOf: NerbertError, code: 'ERR_IO' });
});

test('other names and options are refused', async t => {
  await t.throwsAsync(fetchCorpus('conll2003' as 'jnlpba'), {
    instanceOf: OptionError,
    message: /one of "jnlpba", "ncbi-disease" for name but received "conll2003"/,
  });
  await t.throwsAsync(fetchCorpus('jnlpba', { quiet: true } as object), { instanceOf: OptionError });
});

test('the cache is where the installation has its own', async t => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'x'));
  for (const env of [
    {},
    { NERBERT_CACHE: 'x' },
    { XDG_CACHE_HOME: folder },
    { XDG_CACHE_HOME: 'relative' },
  ]) {
    t.is(join(cacheFolder(env), 'libtorch'), libtorchCache(env));
  }
  t.is(cacheFolder({ NERBERT_CACHE: 'x' }), resolve('x'));
});
