import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { AutoModelForTokenClassification, AutoTokenizer, OptionError, pipeline } from '../../src/index.ts';
import { checkpoint } from '../support/checkpoints.ts';
import { corpusFolder, runCli } from '../support/cli.ts';
import { startHub } from '../support/hub.ts';
import { type Files, gitSha1, sha256 } from '../support/hub-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const text = 'Mouse thymus was used as a source of glucocorticoid receptor.';

async function filesIn(folder: string): Promise<Files> {
  const names = await readdir(folder);
  return Object.fromEntries(
    await Promise.all(names.map(async name => [name, await readFile(join(folder, name))])),
  );
}

test.serial('pipeline, model and tokenizer take the name of a model on the hub', async t => {
  const { hub, settings } = await startHub(t);
  process.env.HF_ENDPOINT = hub.endpoint;
  t.teardown(() => delete process.env.HF_ENDPOINT);
  hub.commit('owner/name', await filesIn(checkpoint('tc-safetensors')), { branch: 'v1' });
  const at = { cacheDir: settings.cacheDir, revision: 'v1' };

  await using local = await pipeline('ner', { model: checkpoint('tc-safetensors'), ignoreLabels: [] });
  await using named = await pipeline('ner', { model: 'owner/name', ignoreLabels: [], ...at });
  t.deepEqual(await named(text), await local(text));
  t.is(hub.seen(/api.*revision/).length, 1);

  const offline = { ...at, localFilesOnly: true };
  hub.requests.length = 0;
  const tokenizer = await AutoTokenizer.fromPretrained('owner/name', offline);
  await using model = await AutoModelForTokenClassification.fromPretrained('owner/name', offline);
  await using assembled = await pipeline('ner', {
    model,
    tokenizer: 'owner/name',
    ignoreLabels: [],
    ...offline,
  });
  t.deepEqual(tokenizer.tokenize(text), local.tokenizer.tokenize(text));
  t.deepEqual(await assembled(text), await local(text));
  t.is(hub.requests.length, 0);
  await t.throwsAsync(pipeline('ner', { model: 'owner/name', revision: '../x' }), {
    instanceOf: OptionError,
  });
});

test.serial('a cache that Python made is read', async t => {
  const cacheDir = await pythonCache(
    await temporaryFolder(t),
    'owner/name',
    await filesIn(checkpoint('legacy-bin')),
  );
  const offline = { cacheDir, localFilesOnly: true };
  const tokenizer = await AutoTokenizer.fromPretrained('owner/name', offline);
  t.deepEqual(
    tokenizer.tokenize(text),
    (await AutoTokenizer.fromPretrained(checkpoint('legacy-bin'))).tokenize(text),
  );
  await using model = await AutoModelForTokenClassification.fromPretrained('owner/name', {
    ...offline,
    numLabels: 3,
  });
  t.regex(model.loadingReport, /classifier/);
});

test.serial(
  'train takes a model by name, tells of the download, and works without a connection then',
  async t => {
    const { hub, settings } = await startHub(t);
    hub.commit('owner/name', await filesIn(checkpoint('tc-safetensors')));
    const cwd = await corpusFolder(t);
    const args = ['train', '--train-file', 'train.iob2', '--eval-file', 'dev.iob2', '--model', 'owner/name'];
    args.push('--max-len-seq', '32', '--epochs', '1');
    const env = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: settings.cacheDir };
    const first = await runCli([...args, '--output-dir', 'first'], { cwd, env });
    t.is(first.code, 0, first.stderr);
    t.is(
      first.stderr,
      `Downloading owner/name from ${hub.endpoint} to ${settings.cacheDir}: 5 files, 147 kB\n`,
    );
    t.regex(first.stdout, /^Model: owner\/name$/m);
    t.regex(await readFile(join(cwd, 'first', 'README.md'), 'utf8'), /owner\/name/);

    hub.close();
    const second = await runCli([...args, '--output-dir', 'second'], { cwd, env });
    t.is(second.code, 0, second.stderr);
    t.regex(second.stdout, /^Using owner\/name as it was last fetched, .*refused/m);
    const third = await runCli([...args, '--output-dir', 'third', '--local-files-only'], { cwd, env });
    t.is(third.code, 0, third.stderr);
    t.notRegex(third.stdout, /Using owner/);
  },
);

test.serial('a training file without --model names SciBERT', async t => {
  const { hub, settings } = await startHub(t);
  const env = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: settings.cacheDir };
  const cwd = await corpusFolder(t);
  const { code, stdout, stderr } = await runCli(['train', '--train-file', 'train.iob2'], { cwd, env });
  t.is(code, 2);
  t.regex(stdout, /Model: allenai\/scibert_scivocab_cased, the default of --model/);
  t.regex(
    stderr,
    /^nerbert: allenai\/scibert_scivocab_cased: expected a local folder or a model of that name/,
  );
});

/** A cache as huggingface_hub 1.33 makes it with transformers, file by file. @returns its folder */
async function pythonCache(folder: string, name: string, files: Files): Promise<string> {
  const commit = '0123456789abcdef0123456789abcdef01234567';
  const model = join(folder, `models--${name.replace('/', '--')}`);
  const snapshot = join(model, 'snapshots', commit);
  const folders = [join(model, 'blobs'), join(model, 'refs'), snapshot, join(model, '.no_exist', commit)];
  for (const path of folders) await mkdir(path, { recursive: true });
  await writeFile(join(model, 'refs', 'main'), commit);
  await writeFile(join(model, '.no_exist', commit, 'model.safetensors'), '');
  await writeFile(join(folder, 'CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55');
  for (const [file, text] of Object.entries(files)) {
    const content = Buffer.from(text);
    const blob = /\.(bin|safetensors)$/.test(file) ? sha256(content) : gitSha1(content);
    await writeFile(join(model, 'blobs', blob), content);
    await symlink(join('..', '..', 'blobs', blob), join(snapshot, file));
  }
  return folder;
}
