import type { PathInfo } from '@huggingface/hub';
import { CheckpointError, NerbertError } from '../errors.ts';
import { apiFetch } from './api-fetch.ts';
import { readFailure } from './failures.ts';
import { isCommit } from './names.ts';
import type { HubSettings } from './settings.ts';

/** What a revision of a model holds. */
export interface Listing {
  commit: string;
  names: readonly string[];
}

/** A file of a model, by its content. */
export interface RemoteFile {
  name: string;
  size: number;
  /** How its content is known: SHA-256, or for small files Git's name of it (SHA-1 over a header and the content). */
  digest: { algorithm: 'sha256' | 'git-sha1'; value: string };
}

/** The commit that a revision stands for, and the names of its files. */
export async function listModel(repo: string, settings: HubSettings): Promise<Listing> {
  const { modelInfo } = await import('@huggingface/hub');
  const { revision, endpoint } = settings;
  const info = await understood(settings, () =>
    modelInfo({
      name: repo,
      revision,
      hubUrl: endpoint,
      additionalFields: ['sha', 'filePaths'],
      fetch: apiFetch({ repo, revision }, settings, readFailure),
    }),
  );
  if (!isCommit(info.sha)) throw notAHub(settings, `the commit ${JSON.stringify(info.sha)}`);
  return { commit: info.sha, names: (info.filePaths ?? []).filter(name => typeof name === 'string') };
}

/** Sizes and checksums of files of a commit, in the order of their names here. */
export async function describeFiles(
  repo: string,
  commit: string,
  names: readonly string[],
  settings: HubSettings,
): Promise<RemoteFile[]> {
  const { pathsInfo } = await import('@huggingface/hub');
  const found = await understood(settings, () =>
    pathsInfo({
      repo: { type: 'model', name: repo },
      revision: commit,
      paths: [...names],
      hubUrl: settings.endpoint,
      fetch: apiFetch({ repo, revision: commit }, settings, readFailure),
    }),
  );
  return names.map(name => {
    const entry = found.find(({ path, type }) => path === name && type === 'file');
    if (entry) return remoteFile(entry, settings);
    throw new CheckpointError(`expected the file ${name} but revision ${commit} does not hold it`, repo);
  });
}

function remoteFile({ path, oid, lfs, size }: PathInfo, settings: HubSettings): RemoteFile {
  const algorithm = lfs ? 'sha256' : 'git-sha1';
  const value = lfs ? lfs.oid : oid;
  const length = lfs?.size ?? size;
  // The checksum becomes the name of a file in the cache.
  const known = typeof value === 'string' && (lfs ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(value);
  if (!known) throw notAHub(settings, `the checksum ${JSON.stringify(value)} for ${path}`);
  if (!Number.isSafeInteger(length) || length < 0) throw notAHub(settings, `the size ${length} for ${path}`);
  return { name: path, size: length, digest: { algorithm, value } };
}

/** What is no JSON, or none of the expected form, comes from something else than a hub. */
export async function understood<Result>(
  settings: HubSettings,
  call: () => Promise<Result>,
): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof NerbertError || settings.signal?.aborted) throw error;
    throw notAHub(settings, (error as Error).message, error);
  }
}

function notAHub({ endpoint }: HubSettings, got: string, cause?: unknown): NerbertError {
  return new NerbertError(
    'ERR_NETWORK',
    `Expected ${endpoint} to answer as the Hugging Face hub does but got: ${got}. ` +
      'Check HF_ENDPOINT, and whether a proxy or a log-in page of the network answers in its place',
    { cause },
  );
}
