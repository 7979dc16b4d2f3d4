import { pathToFileURL } from 'node:url';
import { NerbertError, OptionError } from '../errors.ts';
import { apiFetch } from './api-fetch.ts';
import { readFailure, writeFailure } from './failures.ts';
import { understood } from './listing.ts';
import type { HubSettings } from './settings.ts';
import type { UploadFile } from './upload-files.ts';

/** What of a model on the hub is there already. */
export interface PushTarget {
  repo: string;
  branch: string;
  /** `new`: the model will be made. */
  model: 'new' | 'public' | 'private';
  branchExists: boolean;
}

/** What a push does, as it does it. */
export type PushEvent = { type: 'hashing' | 'sending' | 'sent'; file: string } | { type: 'committing' };

/** Looks at where a model is to go; changes nothing. @throws OptionError without a token, or offline */
export async function inspectTarget(repo: string, settings: HubSettings): Promise<PushTarget> {
  const { offline, token, endpoint, revision: branch } = settings;
  if (offline) throw new OptionError(offline, 'a connection, for publishing,', 'true');
  if (!token) {
    const remedy = `Make one at ${endpoint}/settings/tokens and set HF_TOKEN, or run \`hf auth login\``;
    throw new OptionError('HF_TOKEN', 'an access token that may write', undefined, remedy);
  }
  const found = await lookUp(repo, 'HEAD', settings);
  if (!found) return { repo, branch, model: 'new', branchExists: branch === 'main' };
  const branchExists = (await lookUp(repo, branch, settings)) !== undefined;
  return { repo, branch, model: found.private ? 'private' : 'public', branchExists };
}

/** @returns undefined if the model, or the revision, is not there */
async function lookUp(
  repo: string,
  revision: string,
  settings: HubSettings,
): Promise<{ private: boolean } | undefined> {
  const { modelInfo } = await import('@huggingface/hub');
  const refused = (response: Response) =>
    response.status === 404 ? new NotThere() : readFailure(response, { repo, revision }, settings);
  try {
    return await understood(settings, () =>
      modelInfo({
        name: repo,
        revision,
        hubUrl: settings.endpoint,
        fetch: apiFetch({ repo, revision }, settings, refused),
      }),
    );
  } catch (error) {
    if (error instanceof NotThere) return undefined;
    throw error;
  }
}

class NotThere extends NerbertError {
  constructor() {
    super('ERR_HUB', 'it is not there');
  }
}

/**
 * Publishes files as one commit; makes the model and the branch where they are missing.
 *
 * Large files go the way of Git LFS, not of Xet: it is plain HTTP, and needs no WebAssembly.
 *
 * @returns the address of the commit
 * @throws NerbertError `ERR_HUB` if the hub refuses, `ERR_NETWORK`
 */
export async function push(
  target: PushTarget,
  files: readonly UploadFile[],
  { title, private: hidden }: { title: string; private: boolean },
  settings: HubSettings,
  onEvent: (event: PushEvent) => void,
): Promise<string> {
  const { repo, branch } = target;
  const hub = await import('@huggingface/hub');
  const designation = { type: 'model', name: repo } as const;
  const hubUrl = settings.endpoint;
  const fetch = apiFetch({ repo, revision: branch, sending: true }, settings, writeFailure);
  try {
    if (target.model === 'new') {
      // The token is the affair of our fetch; the library wants one that begins with hf_.
      const visibility = hidden ? 'private' : 'public';
      await hub.createRepo({ repo: designation, visibility, hubUrl, fetch, accessToken: 'hf_' });
    }
    if (!target.branchExists) await hub.createBranch({ repo: designation, branch, hubUrl, fetch });
    const commit = hub.commitIter({
      repo: designation,
      branch,
      title,
      operations: files.map(({ name, path }) => ({
        operation: 'addOrUpdate',
        path: name,
        content: pathToFileURL(path),
      })),
      hubUrl,
      fetch,
      useXet: false,
      ...(settings.signal && { abortSignal: settings.signal }),
    });
    for (;;) {
      const { done, value } = await commit.next();
      if (done) return value?.commit.url ?? `${hubUrl}/${repo}`;
      if (value.event === 'fileProgress') onEvent(fileEvent(value));
      else if (value.phase === 'committing') onEvent({ type: 'committing' });
    }
  } catch (error) {
    settings.signal?.throwIfAborted();
    if (error instanceof NerbertError) throw error;
    throw new NerbertError('ERR_HUB', `Could not publish ${repo}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function fileEvent({ path, state, progress }: { path: string; state: string; progress: number }): PushEvent {
  if (state === 'hashing') return { type: 'hashing', file: path };
  return { type: progress === 1 ? 'sent' : 'sending', file: path };
}
