import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Corpus, corpora } from '../../src/data/corpora.ts';
import { iob2, modelFlags, runCli } from '../support/cli.ts';
import { serve } from '../support/file-server.ts';
import { shared, testWith } from '../support/shared.ts';
import { sentences } from '../support/small-training.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const quick = [...modelFlags, '--epochs', '1', '--limit', '20', '--output-dir', 'run'];
const files = (name: keyof typeof corpora) =>
  Object.values((corpora[name] as Corpus).files).map(file => shared('data', name, file.name));

/** A working directory, and the environment of a child that fetches from a server of the shared files. */
async function setting(t: ExecutionContext) {
  const { url, asked } = await serve(t, (request, response) => {
    const found = Object.entries<Corpus>(corpora).flatMap(([name, { repository, commit, files }]) =>
      Object.values(files)
        .filter(({ path }) => request.url === `/${repository}/${commit}/${path}`)
        .map(file => shared('data', name, file.name)),
    );
    if (found[0]) createReadStream(found[0]).pipe(response);
    else response.writeHead(404).end();
  });
  const cwd = await temporaryFolder(t);
  return { asked, cwd, env: { NERBERT_DATA_URL: url, NERBERT_CACHE: join(cwd, 'cache') } };
}

testWith(test, ...files('ncbi-disease'))(
  'a corpus named for training brings along the files for evaluation and test, and is fetched once',
  async t => {
    const { asked, cwd, env } = await setting(t);
    const args = ['train', '--train-file', 'ncbi-disease', ...quick];
    const { code, stdout, stderr } = await runCli(args, { cwd, env });
    t.deepEqual([code, stderr], [0, '']);
    t.is(stdout.match(/licence: public domain/g)?.length, 1);
    t.regex(
      stdout,
      /^Fetching NCBI Disease Corpus: .*\n {2}from github\.com\/spyysalo\/ncbi-disease, commit 780018cb0aad\n/,
    );
    t.regex(stdout, /\nData: cache\/data\/ncbi-disease\/\w+\/train\.tsv and cache\/\S+\/devel\.tsv\n/);
    t.regex(stdout, /\nsentences +20 +20 +20\n/);
    t.regex(stdout, /\nTest file: cache\/\S+\/test\.tsv\n/);
    t.is(asked.length, 3);
    const card = await readFile(join(cwd, 'run', 'README.md'), 'utf8');
    t.regex(card, /\nNCBI Disease Corpus: .*; licence: public domain/);

    const again = await runCli([...args, '--overwrite'], { cwd, env });
    t.is(again.code, 0);
    t.notRegex(again.stdout, /Fetching/);
    t.is(asked.length, 3);
  },
);

testWith(
  test,
  ...files('jnlpba'),
  ...files('ncbi-disease'),
)('JNLPBA is evaluated on its test file; names and files mix', async t => {
  const { asked, cwd, env } = await setting(t);
  const json = ['--json'];
  const { code, stdout, stderr } = await runCli(['train', '--train-file', 'jnlpba', ...quick, ...json], {
    cwd,
    env,
  });
  t.is(code, 0, stderr);
  t.true(stdout.split('\n').every(line => line === '' || line.startsWith('{')));
  t.regex(stderr, /licence: .*GENIA[\s\S]*Data: \S+\/train\.iob2 and \S+\/test\.iob2\n/);
  t.notRegex(stderr, /Test file/);
  t.is(asked.length, 2);

  await writeFile(join(cwd, 'mine.iob2'), 'a\tO\n');
  const flags = ['--train-file', 'ncbi-disease', '--eval-file', 'mine.iob2', '--overwrite'];
  const mixed = await runCli(['train', ...quick, ...flags], { cwd, env });
  t.is(mixed.code, 0, mixed.stderr);
  t.regex(mixed.stdout, /train\.tsv and mine\.iob2\n/);
  t.notRegex(mixed.stdout, /Test file/);
  t.is(asked.length, 3);
});

test('a path of that name goes before the corpus, and this is said', async t => {
  const { asked, cwd, env } = await setting(t);
  await writeFile(join(cwd, 'jnlpba'), iob2(sentences(4)));
  const { code, stdout } = await runCli(['train', '--train-file', 'jnlpba', ...quick], { cwd, env });
  t.is(code, 0);
  t.regex(stdout, /^\.\/jnlpba is here and is read\. Rename it .*\nData: jnlpba\n/);
  t.deepEqual(asked, []);
  await mkdir(join(cwd, 'ncbi-disease'));
  const folder = await runCli(['train', '--train-file', 'ncbi-disease', ...quick, '--overwrite'], {
    cwd,
    env,
  });
  t.is(folder.code, 2);
  t.regex(folder.stderr, /it is a folder/);
});

test('a corpus that cannot be fetched is an error, and nothing is left', async t => {
  const { url } = await serve(t, (_, response) => response.end('<html>Log in to the network</html>'));
  const cwd = await temporaryFolder(t);
  const args = ['train', '--train-file', 'jnlpba', ...quick];
  for (const [address, message] of [
    [url, /the connection ended after 34 of 4876036 bytes/],
    [
      'http://127.0.0.1:9',
      /Could not fetch http:\/\/127\.0\.0\.1:9\/spyysalo\/jnlpba\/\w{40}\/original-data\/train/,
    ],
  ] as const) {
    const env = { NERBERT_DATA_URL: address, NERBERT_CACHE: join(cwd, 'cache') };
    const { code, stderr } = await runCli(args, { cwd, env });
    t.is(code, 1);
    t.regex(stderr, message);
    t.notRegex(stderr, /unexpected failure/);
  }
  t.deepEqual(await readdir(join(cwd, 'cache', 'data', 'jnlpba', '4455122de861')), []);
});
