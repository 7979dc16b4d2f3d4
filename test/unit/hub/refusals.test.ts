import test, { type ExecutionContext } from 'ava';
import { CheckpointError } from '../../../src/errors.ts';
import { hubSnapshot } from '../../../src/hub/snapshot.ts';
import { smallModel, startHub } from '../../support/hub.ts';
import type { Fault } from '../../support/hub-server.ts';

const status =
  (code: number, headers: Record<string, string> = {}): NonNullable<Fault['answer']> =>
  (_, response) =>
    response.writeHead(code, headers).end('no');

async function refused(
  t: ExecutionContext,
  message: RegExp,
  prepare: (hub: Awaited<ReturnType<typeof startHub>>) => void,
) {
  const started = await startHub(t);
  prepare(started);
  await t.throwsAsync(hubSnapshot('owner/name', 'model', started.settings), {
    instanceOf: CheckpointError,
    message,
  });
}

test('a model that is not there, or not for strangers', t =>
  refused(
    t,
    /owner\/name: expected a local folder or a model of that name but .*401 \(Repository not found\).*owner\/name as on the hub.*set HF_TOKEN/,
    () => {},
  ));

test('a model that is not there, with a token', t =>
  refused(t, /404 \(Repository not found\).*the token in use may not read it/, ({ settings, hub }) => {
    settings.token = hub.token;
  }));

test('a wrong token', t =>
  refused(
    t,
    /the access token was refused .*401 \(Invalid credentials.*\/settings\/tokens/,
    ({ settings }) => {
      settings.token = 'hf_wrong';
    },
  ));

test('a revision that is not there', t =>
  refused(t, /expected the revision "v9" but the model has none/, ({ hub, settings }) => {
    hub.commit('owner/name', smallModel);
    settings.revision = 'v9';
  }));

test('a gated model without a token', t =>
  refused(
    t,
    /access to this model must be requested at http.*\/owner\/name .*then set HF_TOKEN/,
    ({ hub }) => {
      hub.commit('owner/name', smallModel, { gated: true });
    },
  ));

test('a gated model with a token without access', t =>
  refused(
    t,
    /access to this model must be requested.*the token in use has no access yet/,
    ({ hub, settings }) => {
      hub.commit('owner/name', smallModel, { gated: true });
      settings.token = hub.token;
      hub.faults.push({ on: /resolve/, times: 1, answer: status(403, { 'x-error-code': 'GatedRepo' }) });
    },
  ));

test('a private and a gated model with the right token', async t => {
  const { hub, settings } = await startHub(t);
  settings.token = hub.token;
  hub.commit('owner/name', smallModel, { private: true, gated: true });
  await t.notThrowsAsync(hubSnapshot('owner/name', 'checkpoint', settings));
});

test('the token goes to the hub alone, not to where it redirects', async t => {
  const { hub, settings } = await startHub(t);
  settings.token = hub.token;
  hub.commit('owner/name', smallModel);
  await hubSnapshot('owner/name', 'checkpoint', settings);
  t.true(hub.seen(/ hub/).length > 3);
  t.true(hub.seen(/ hub/).every(({ headers }) => headers.authorization === `Bearer ${hub.token}`));
  t.is(hub.seen(/ cdn/).length, 1);
  t.is(hub.seen(/ cdn/)[0]?.headers.authorization, undefined);
});

test('a renamed model is followed, with the token', async t => {
  const { hub, settings } = await startHub(t);
  settings.token = hub.token;
  hub.commit('new/name', smallModel, { private: true });
  hub.faults.push({
    on: /old/,
    times: 99,
    answer: (request, response) =>
      response.writeHead(307, { location: (request.url ?? '').replace('old', 'new') }).end(),
  });
  await t.notThrowsAsync(hubSnapshot('old/name', 'model', settings));
});

test('redirections without end are not followed', async t => {
  const { hub, settings } = await startHub(t);
  hub.faults.push({ on: /./, times: 99, answer: status(302, { location: `${hub.endpoint}/api/x` }) });
  await t.throwsAsync(hubSnapshot('owner/name', 'model', settings), {
    message: /redirected more than 8 times/,
  });
});

for (const code of [429, 503]) {
  test(`${code}: waits as long as the server says, then goes on`, async t => {
    const { hub, settings } = await startHub(t);
    hub.commit('owner/name', smallModel);
    settings.backoffMs = 1e9;
    for (const on of [/revision/, /paths-info/, /resolve/, /cdn/]) {
      hub.faults.push({ on, times: 2, answer: status(code, { 'retry-after': '0' }) });
    }
    await t.notThrowsAsync(hubSnapshot('owner/name', 'model', settings));
  });

  test(`${code} again and again is given up`, async t => {
    const { hub, settings } = await startHub(t);
    hub.faults.push({ on: /./, times: 99, answer: status(code, { 'retry-after': '0' }) });
    await t.throwsAsync(hubSnapshot('owner/name', 'model', settings), {
      code: 'ERR_NETWORK',
      message: new RegExp(`Could not get owner/name from .*${code}`),
    });
    t.is(hub.requests.length, 5);
  });
}

test('a wait that a user would notice is told, and ends with an interruption', async t => {
  const { hub, settings } = await startHub(t);
  const controller = new AbortController();
  const notes: string[] = [];
  const say = (text: string) => {
    notes.push(text);
    // Once the wait has begun.
    setImmediate(() => controller.abort(new Error('interrupted')));
  };
  hub.faults.push({ on: /./, times: 99, answer: status(503, { 'retry-after': '100' }) });
  await t.throwsAsync(hubSnapshot('owner/name', 'model', { ...settings, signal: controller.signal, say }), {
    message: 'interrupted',
  });
  t.regex(notes.join(), /^http.*: it answers 503 .*Trying again in 100 s$/);
});

test('a wait of many minutes is told, not waited for', async t => {
  const { hub, settings } = await startHub(t);
  hub.faults.push({ on: /./, times: 99, answer: status(429, { 'retry-after': '900' }) });
  await t.throwsAsync(hubSnapshot('owner/name', 'model', settings), {
    message: /429 .*come back after 900 s.*HF_TOKEN/,
  });
  t.is(hub.requests.length, 1);
});

for (const [what, answer] of [
  ['a page of HTML', '<html>Log in to the network</html>'],
  ['other JSON', '{"hello": 1}'],
  ['null', 'null'],
] as const) {
  test(`${what} in the place of a hub is told`, async t => {
    const { hub, settings } = await startHub(t);
    hub.faults.push({ on: /./, times: 1, answer: (_, response) => response.end(answer) });
    await t.throwsAsync(hubSnapshot('owner/name', 'model', settings), {
      code: 'ERR_NETWORK',
      message: /Expected http.* to answer as the Hugging Face hub does .*HF_ENDPOINT/,
    });
  });
}
