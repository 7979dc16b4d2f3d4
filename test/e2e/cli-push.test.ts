import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { checkpoint } from '../support/checkpoints.ts';
import { runCli } from '../support/cli.ts';
import { startHub } from '../support/hub.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const checkpointFiles = [
  'config.json',
  'model.safetensors',
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.txt',
];

/** A run folder as training leaves it, with what must never be published, and a hub. */
async function start(t: ExecutionContext) {
  const { hub } = await startHub(t);
  const folder = join(await temporaryFolder(t), 'run');
  await cp(checkpoint('tc-safetensors'), folder, { recursive: true });
  for (const name of [
    'README.md',
    'classification_report.txt',
    'error_curves.png',
    'learning_rate_dark.svg',
  ]) {
    await writeFile(join(folder, name), name);
  }
  await mkdir(join(folder, 'resume', 'step-1'), { recursive: true });
  await writeFile(join(folder, 'resume', 'step-1', 'optimizer.safetensors'), 'state');
  for (const name of ['history.jsonl', 'run_config.json', 'errors.html', 'train.iob2', '.env', 'photo.png']) {
    await writeFile(join(folder, name), name);
  }
  const env = { HF_ENDPOINT: hub.endpoint, HF_TOKEN: hub.token, HF_HUB_DISABLE_IMPLICIT_TOKEN: '' };
  const run = (args: string[], more: Record<string, string> = {}) =>
    runCli(['push', '--model', folder, ...args], { env: { ...env, ...more } });
  return { hub, folder, run };
}

const published = [
  ...checkpointFiles,
  'README.md',
  'classification_report.txt',
  'error_curves.png',
  'learning_rate_dark.svg',
];

test('push shows what it sends, makes the model and sends the checkpoint with its card, and nothing else', async t => {
  const { hub, run } = await start(t);
  const { code, stdout, stderr } = await run(['--repo', 'me/ner', '--private', '--yes']);
  t.is(code, 0, stderr);
  t.regex(stdout, /^To: {3}http.*\/me\/ner, a new, private model; branch main$/m);
  t.regex(stdout, /^ {2}model\.safetensors +1\d\d kB$/m);
  t.regex(stdout, /^9 files, 1\d\d kB$/m);
  t.regex(
    stdout,
    /^Not sent: \.env, errors\.html, history\.jsonl, photo\.png, resume\/, run_config\.json, train\.iob2$/m,
  );
  t.regex(stdout, /^Sent: http.*\/me\/ner\/commit\/[0-9a-f]{40}$/m);
  t.regex(
    stderr,
    /^computing the checksum of model\.safetensors\nsending model\.safetensors, .*\ncommitting\n$/,
  );
  t.true(hub.isPrivate('me/ner'));
  const files = hub.filesOf('me/ner') ?? t.fail();
  t.deepEqual([...files.keys()].sort(), ['.gitattributes', ...published].sort());
  t.is(files.get('README.md')?.toString(), 'README.md');
  t.true(hub.seen(/PUT cdn/).every(({ headers }) => headers.authorization === undefined));
});

test('push adds to a model that is there, on a branch of its own, without a card aloud', async t => {
  const { hub, folder, run } = await start(t);
  hub.commit('me/ner', { 'notes.txt': 'stays' });
  await rm(join(folder, 'README.md'));
  const { code, stdout, stderr } = await run(['--repo', 'me/ner', '--revision', 'try/1', '--yes']);
  t.is(code, 0, stderr);
  t.regex(stdout, /which is public; branch try\/1, which is made/);
  t.regex(stdout, /pipeline\('ner', \{ model: 'me\/ner', revision: 'try\/1' \}\)/);
  t.regex(stdout, /There is no model card \(README\.md\)/);
  t.is(hub.filesOf('me/ner', 'try/1')?.get('notes.txt')?.toString(), 'stays');
  t.true(hub.filesOf('me/ner', 'try/1')?.has('model.safetensors'));
  t.false(hub.filesOf('me/ner')?.has('model.safetensors'));
});

test('push refuses what it cannot do, and sends nothing', async t => {
  const { hub, folder, run } = await start(t);
  hub.commit('me/open', {});
  hub.requests.length = 0;
  const refuses = async (args: string[], expected: number, message: RegExp, env?: Record<string, string>) => {
    const { code, stderr } = await run(args, env);
    t.is(code, expected, stderr);
    t.regex(stderr, message);
    t.notRegex(stderr, /\n +at |goodToken/);
  };
  await refuses(['--repo', 'me/ner'], 2, /--yes/);
  await refuses([], 2, /--repo/);
  await refuses(['--repo', 'ner', '--yes'], 2, /owner\/name, for --repo/);
  await refuses(['--repo', 'me/ner', '--yes'], 2, /may write for HF_TOKEN/, {
    HF_TOKEN: '',
    HF_HOME: folder,
  });
  await refuses(['--repo', 'me/ner', '--yes'], 2, /a connection, for publishing, for HF_HUB_OFFLINE/, {
    HF_HUB_OFFLINE: '1',
  });
  await refuses(['--repo', 'me/ner', '--yes'], 2, /the access token was refused/, { HF_TOKEN: 'hf_bad' });
  await refuses(['--repo', 'me/open', '--private', '--yes'], 2, /me\/open, which is public.*Make it private/);
  t.is(hub.seen(/POST|PUT/).length, 0);
  await refuses(
    ['--repo', 'stranger/ner', '--yes'],
    1,
    /may not write there .*403: You don't have the rights/,
  );
  hub.faults.push({
    on: /commit/,
    times: 1,
    answer: (_, response) =>
      response.writeHead(409, { 'content-type': 'application/json' }).end('{"error": "The ref has moved"}'),
  });
  await refuses(['--repo', 'me/open', '--yes'], 1, /just been changed.*409: The ref has moved.*try again/s);
  await rm(join(folder, 'vocab.txt'));
  await rm(join(folder, 'tokenizer.json'));
  await refuses(['--repo', 'me/open', '--yes'], 2, /expected tokenizer.json or vocab.txt/);
  await writeFile(join(folder, 'model.safetensors'), 'no weights');
  await refuses(['--repo', 'me/open', '--yes'], 2, /model\.safetensors/);
});

test('a commit whose answer is lost is not made twice; an upload is', async t => {
  const { hub, run } = await start(t);
  hub.faults.push(
    {
      on: /PUT cdn/,
      times: 1,
      answer: (_, response) => response.writeHead(503, { 'retry-after': '0' }).end(),
    },
    { on: /POST .*commit/, times: 1, answer: (_, response) => response.destroy() },
  );
  const { code, stderr } = await run(['--repo', 'me/ner', '--yes']);
  t.is(code, 1);
  t.regex(stderr, /Could not send me\/ner to http.*the connection was cut/);
  t.is(hub.seen(/PUT cdn/).length, 2);
  t.is(hub.seen(/POST .*commit/).length, 1);
});
