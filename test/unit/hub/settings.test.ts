import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { OptionError } from '../../../src/errors.ts';
import { checkpointFolder } from '../../../src/hub/checkpoint-folder.ts';
import { formatBytes } from '../../../src/hub/format-bytes.ts';
import { checkRevision, isRepoName } from '../../../src/hub/names.ts';
import { hubSettings } from '../../../src/hub/settings.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

/* Folders and names were compared with Python's huggingface_hub 1.33: constants.py, _auth.py, _validators.py. */

const home = join(homedir(), '.cache', 'huggingface', 'hub');

for (const [env, expected] of [
  [{}, home],
  [{ XDG_CACHE_HOME: '/x' }, '/x/huggingface/hub'],
  [{ XDG_CACHE_HOME: '/x', HF_HOME: '/h' }, '/h/hub'],
  [{ HF_HOME: '~/h' }, join(homedir(), 'h/hub')],
  [{ HF_HOME: '$BASE/$SUB', BASE: '/b', SUB: 's' }, '/b/s/hub'],
  [{ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old' }, '/old'],
  [{ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old', HF_HUB_CACHE: '/new' }, '/new'],
] as const) {
  test(`the cache with ${JSON.stringify(env)}`, async t => {
    t.is((await hubSettings({}, env)).cacheDir, expected);
    t.is((await hubSettings({ cacheDir: 'here' }, env)).cacheDir, 'here');
  });
}

test('the token: given, of the environment, or stored', async t => {
  const folder = await temporaryFolder(t);
  const token = async (env: Record<string, string>, given?: string) =>
    (await hubSettings({ token: given }, { HF_HOME: folder, ...env })).token;
  t.is(await token({}), undefined);
  await writeFile(join(folder, 'token'), 'hf_stored\n');
  t.is(await token({}), 'hf_stored');
  t.is(await token({ HF_TOKEN: ' hf_env ' }), 'hf_env');
  t.is(await token({ HF_TOKEN: '', HUGGING_FACE_HUB_TOKEN: 'hf_old' }), 'hf_old');
  t.is(await token({ HF_TOKEN: 'hf_env' }, 'hf_given'), 'hf_given');
  t.is(await token({ HF_HUB_DISABLE_IMPLICIT_TOKEN: '1', HF_TOKEN: 'hf_env' }), undefined);
  await writeFile(join(folder, 'other'), 'hf_other');
  t.is(await token({ HF_TOKEN_PATH: join(folder, 'other') }), 'hf_other');
});

test('a bad token is refused without showing it', async t => {
  const error = await t.throwsAsync(hubSettings({}, { HF_TOKEN: 'hf_secret hf_two' }), {
    instanceOf: OptionError,
    message: /HF_TOKEN/,
  });
  t.notRegex(error?.message ?? '', /secret/);
});

test('offline by HF_HUB_OFFLINE, TRANSFORMERS_OFFLINE or the option', async t => {
  const offline = async (env: Record<string, string>, localFilesOnly?: boolean) =>
    (await hubSettings({ localFilesOnly }, env)).offline;
  t.is(await offline({}), undefined);
  t.is(await offline({ HF_HUB_OFFLINE: '0', TRANSFORMERS_OFFLINE: '1' }), undefined);
  t.is(await offline({ HF_HUB_OFFLINE: 'Yes' }), 'HF_HUB_OFFLINE');
  t.is(await offline({ TRANSFORMERS_OFFLINE: 'ON' }), 'TRANSFORMERS_OFFLINE');
  t.is(await offline({}, true), 'localFilesOnly');
});

test('addresses and times that make no sense are refused', async t => {
  t.is((await hubSettings({}, { HF_ENDPOINT: 'https://mirror/x//' })).endpoint, 'https://mirror/x');
  for (const env of [
    { HF_ENDPOINT: 'mirror' },
    { HF_ENDPOINT: 'file:///etc' },
    { HF_HUB_DOWNLOAD_TIMEOUT: 'long' },
  ]) {
    await t.throwsAsync(hubSettings({}, env), { instanceOf: OptionError });
  }
});

test('names of models are those that the hub allows', t => {
  for (const name of ['allenai/scibert_scivocab_cased', 'bert-base-cased', 'a/b', 'a.b/c-d_e']) {
    t.true(isRepoName(name), name);
  }
  for (const name of [
    '',
    '.',
    '..',
    'a/b/c',
    '/a',
    'a/',
    './a',
    '../a',
    'a/..',
    'a..b/c',
    'a--b/c',
    'a/b.git',
    'a b',
    'ä/b',
    '-a',
    'a/b-',
    'x'.repeat(97),
    'a\\b',
    'a/b\n',
  ]) {
    t.false(isRepoName(name), name);
  }
});

test('names of revisions lead nowhere else', t => {
  for (const name of ['main', 'v1.0', 'refs/pr/1', 'feature/x', 'a'.repeat(40)])
    t.is(checkRevision('revision', name), name);
  for (const name of [
    '',
    '..',
    'a/../../b',
    '/etc',
    'a//b',
    'a/',
    '.git',
    'a/.b',
    'a\\..\\b',
    'a\0b',
    'a b',
    '-x',
    7,
  ]) {
    t.throws(() => checkRevision('revision', name), { instanceOf: OptionError }, String(name));
  }
});

test('a local folder goes before the hub, and has no revisions', async t => {
  const folder = await temporaryFolder(t);
  t.is(await checkpointFolder(folder, 'model'), folder);
  await t.throwsAsync(checkpointFolder(folder, 'model', { revision: 'main' }), {
    instanceOf: OptionError,
    message: /none beside a local folder for revision/,
  });
  await mkdir(join(folder, 'sub'));
  await writeFile(join(folder, 'sub', 'file'), '');
  await t.throwsAsync(checkpointFolder(join(folder, 'sub', 'file'), 'model'), { message: /this is a file/ });
  await t.throwsAsync(checkpointFolder(join(folder, 'none'), 'model'), {
    message: /expected a local folder with config.json and weights but there is none at .*Check the path/,
  });
});

test('sizes have three digits', t => {
  t.deepEqual([0, 999, 1000, 9_994, 99_950, 440_473_133, 999_999_999, 5e15].map(formatBytes), [
    '0 bytes',
    '999 bytes',
    '1.00 kB',
    '9.99 kB',
    '100 kB',
    '440 MB',
    '1.00 GB',
    '5.00 PB',
  ]);
});
