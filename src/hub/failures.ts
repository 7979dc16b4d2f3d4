import { CheckpointError, NerbertError } from '../errors.ts';
import type { HubSettings } from './settings.ts';

/** What a request is about, for its failure. */
export interface Subject {
  repo: string;
  revision: string;
  /** The file asked for; undefined: the whole model. */
  file?: string | undefined;
  /** Whether it is sent to the hub, not got from it. */
  sending?: boolean | undefined;
}

/** What a refusal means, in words for the user. */
export type Refusal = (response: Response, subject: Subject, settings: HubSettings) => Error | Promise<Error>;

/** A failure that may be gone at the next attempt. */
export class Transient extends Error {
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Whether the server certainly did nothing of what it was asked. */
  readonly untouched: boolean;

  constructor(
    message: string,
    options: { retryAfterMs?: number; untouched?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
    this.untouched = options.untouched ?? false;
  }
}

/** The hub knows the model, but not the revision: the cache must not stand in for it. */
export class RevisionNotFound extends CheckpointError {}

/** What a refusal means for somebody who wants to read a model. */
export function readFailure(response: Response, subject: Subject, settings: HubSettings): CheckpointError {
  const { repo, revision, file } = subject;
  const { endpoint, token } = settings;
  const code = response.headers.get('x-error-code') ?? '';
  const status = `${endpoint} answers ${answerOf(response)}`;
  const refuse = (message: string) => new CheckpointError(message, repo);

  if (code === 'RevisionNotFound') {
    return new RevisionNotFound(
      `expected the revision ${JSON.stringify(revision)} but the model has none of that name (${status}). ` +
        `Give a branch, a tag or a commit of ${endpoint}/${repo}`,
      repo,
    );
  }
  if (code === 'GatedRepo') {
    const next = token
      ? 'the token in use has no access yet. Request it there, with the account of the token'
      : 'no token is in use. Request access there, then set HF_TOKEN to a token of your account';
    return refuse(`access to this model must be requested at ${endpoint}/${repo} (${status}), and ${next}`);
  }
  if (code === 'EntryNotFound') {
    return refuse(`expected the file ${file} of revision ${revision} but it is not there (${status})`);
  }
  if (response.status === 404 || (response.status === 401 && (code === 'RepoNotFound' || !token))) {
    const privately = token
      ? 'If it is private, the token in use may not read it'
      : 'If it is private, set HF_TOKEN to a token that may read it';
    return refuse(
      `expected a local folder or a model of that name but there is no such folder, and ${status}. ` +
        `Check the name: the path of a folder, or owner/name as on the hub. ${privately}`,
    );
  }
  if (response.status === 401) {
    return refuse(`the access token was refused (${status}). Make a new one at ${endpoint}/settings/tokens`);
  }
  if (response.status === 403) {
    const remedy = token ? 'Check what the token in use may do' : 'Set HF_TOKEN to a token that may read it';
    return refuse(`the model may not be read (${status}). ${remedy}`);
  }
  return refuse(`expected ${file ?? 'the list of its files'} but ${status}`);
}

/** What a refusal means for somebody who wants to publish a model. */
export async function writeFailure(
  response: Response,
  { repo }: Subject,
  { endpoint }: HubSettings,
): Promise<NerbertError> {
  const body = (await response.json().catch(() => undefined)) as { error?: unknown } | undefined;
  const told = typeof body?.error === 'string' ? `: ${shorten(body.error)}` : '';
  const status = `${endpoint} answers ${response.status}${told}`;
  const owner = repo.split('/')[0];
  const tokens = `${endpoint}/settings/tokens`;
  const messages: Record<number, string> = {
    401: `the access token was refused (${status}). Make one that may write at ${tokens} and set HF_TOKEN`,
    403: `the access token may not write there (${status}). Make one that may write to models of ${owner} at ${tokens}`,
    404: `it is not there, or not for the access token in use (${status}). Check --repo and --revision`,
    409: `it has just been changed, or made, by somebody else (${status}). Look at ${endpoint}/${repo} and try again`,
  };
  const message = messages[response.status] ?? `${status}. Nothing was published`;
  return new NerbertError('ERR_HUB', `Could not publish ${repo}: ${message}`);
}

/** Status and reason as the hub gives them. */
export function answerOf(response: Response): string {
  const reason = response.headers.get('x-error-message') || response.statusText;
  return reason ? `${response.status} (${shorten(reason)})` : `${response.status}`;
}

/** @returns what to tell when the last attempt has failed as well */
export function giveUp(
  failure: Transient,
  { repo, file, sending = false }: Subject,
  settings: HubSettings,
): NerbertError {
  const act = sending ? ['send', 'to'] : ['get', 'from'];
  const what = file === undefined ? repo : `${file} of ${repo}`;
  const proxy = process.env.HTTPS_PROXY || process.env.https_proxy;
  const remedies = [
    'Check the connection and try again',
    ...(file === undefined ? [] : ['what has come so far is kept']),
    ...(settings.endpoint === 'https://huggingface.co' ? [] : [`HF_ENDPOINT is ${settings.endpoint}`]),
    ...(proxy ? ['a proxy is used from Node.js 24 on, with NODE_USE_ENV_PROXY=1'] : []),
  ];
  return new NerbertError(
    'ERR_NETWORK',
    `Could not ${act[0]} ${what} ${act[1]} ${settings.endpoint}: ${failure.message}. ${remedies.join('; ')}`,
    { cause: failure.cause ?? failure },
  );
}

function shorten(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 197)}...` : line;
}
