import { CheckpointError, NerbertError } from '../errors.ts';
import { makeFolder } from '../files.ts';
import { CachedModel } from './cache.ts';
import { checkSpace } from './disk-space.ts';
import { downloadBlob } from './download.ts';
import { RevisionNotFound } from './failures.ts';
import { formatBytes } from './format-bytes.ts';
import { describeFiles, type Listing, listModel, type RemoteFile } from './listing.ts';
import { isCommit } from './names.ts';
import { downloadProgress } from './progress.ts';
import type { HubSettings } from './settings.ts';
import {
  chooseFiles,
  holdsAll,
  isIndex,
  readShardNames,
  type Wanted,
  wantedInWords,
} from './wanted-files.ts';

/**
 * The folder of a model's snapshot in the cache, with what is wanted of it: from the hub as far as the cache lacks it.
 * If the hub cannot be asked, the snapshot that the revision stood for when last seen does, and the user is told.
 *
 * @throws CheckpointError, NerbertError `ERR_NETWORK`, `ERR_IO`
 */
export async function hubSnapshot(repo: string, wanted: Wanted, settings: HubSettings): Promise<string> {
  const model = new CachedModel(settings.cacheDir, repo);
  const cached = await cachedSnapshot(model, wanted, settings);
  if (cached && isCommit(settings.revision)) return cached;
  if (settings.offline) {
    if (cached) return cached;
    throw notCached(repo, wanted, settings);
  }
  const listing = await listOrUseCache(repo, cached, settings);
  if (typeof listing === 'string') return listing;
  await completeSnapshot(repo, model, listing, wanted, settings);
  return model.snapshot(listing.commit);
}

/** The folder of what the revision stood for when last seen, if it holds what is wanted. */
async function cachedSnapshot(
  model: CachedModel,
  wanted: Wanted,
  { revision }: HubSettings,
): Promise<string | undefined> {
  const commit = await model.commitOf(revision);
  if (commit === undefined) return undefined;
  const folder = model.snapshot(commit);
  const complete = await holdsAll(folder, wanted, name => model.has(commit, name)).catch(() => false);
  return complete ? folder : undefined;
}

/** @returns what the hub holds; if it cannot be asked, the folder of the cached snapshot */
async function listOrUseCache(
  repo: string,
  cached: string | undefined,
  settings: HubSettings,
): Promise<Listing | string> {
  try {
    // With something to fall back on, nobody should wait for a hub that may be out of reach for the day.
    return await listModel(repo, cached ? { ...settings, attempts: 1 } : settings);
  } catch (error) {
    settings.signal?.throwIfAborted();
    if (!cached || error instanceof RevisionNotFound || !(error instanceof NerbertError)) throw error;
    settings.say(
      `Using ${repo} as it was last fetched, because the hub gave nothing newer: ${error.message}`,
    );
    return cached;
  }
}

async function completeSnapshot(
  repo: string,
  model: CachedModel,
  { commit, names }: Listing,
  wanted: Wanted,
  settings: HubSettings,
): Promise<void> {
  const fetchMissing = async (files: readonly string[], quiet = false) => {
    const there = await Promise.all(files.map(name => model.has(commit, name)));
    const missing = files.filter((_, i) => !there[i]);
    if (missing.length > 0) await fetchFiles(repo, model, commit, missing, quiet, settings);
  };
  const chosen = chooseFiles(repo, names, wanted);
  const index = chosen.find(isIndex);
  if (index !== undefined) await fetchMissing([index], true);
  const shards = index === undefined ? [] : await readShardNames(model.snapshot(commit), index);
  await fetchMissing([...chosen, ...shards]);
  await model.remember(settings.revision, commit).catch(() => {
    // The cache may belong to somebody else: everything needed can be read, which is enough.
  });
}

async function fetchFiles(
  repo: string,
  model: CachedModel,
  commit: string,
  names: readonly string[],
  quiet: boolean,
  settings: HubSettings,
): Promise<void> {
  await makeCache(settings);
  const files = await describeFiles(repo, commit, names, settings);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  await checkSpace(settings.cacheDir, total);
  const progress = downloadProgress(
    quiet ? 'none' : settings.progress,
    `Downloading ${repo} from ${settings.endpoint} to ${settings.cacheDir}: ${inWords(files)}, ${formatBytes(total)}`,
    total,
  );
  try {
    let before = 0;
    for (const file of files) {
      const blob = model.blob(file.digest.value);
      const onBytes = (bytes: number) => progress.show(file.name, before + bytes);
      await downloadBlob({ file, blob, repo, commit, onBytes }, settings);
      await model.link(commit, file.name, file.digest.value);
      before += file.size;
    }
  } finally {
    progress.end();
  }
}

/** The folder of the cache, named with its remedy where it cannot be written to. */
async function makeCache({ cacheDir }: HubSettings): Promise<void> {
  await makeFolder(cacheDir).catch(error => {
    throw new NerbertError(
      'ERR_IO',
      `${error.message}. Models of the hub are kept there; cacheDir (--cache-dir) or HF_HUB_CACHE name another`,
      { cause: error },
    );
  });
}

function inWords(files: readonly RemoteFile[]): string {
  return files.length === 1 ? (files[0]?.name ?? '') : `${files.length} files`;
}

function notCached(repo: string, wanted: Wanted, settings: HubSettings): CheckpointError {
  const { cacheDir, offline, revision } = settings;
  const flag = offline === 'localFilesOnly' ? 'localFilesOnly (--local-files-only)' : `${offline}`;
  return new CheckpointError(
    `expected ${wantedInWords[wanted]} of revision ${revision} in the cache ${cacheDir}, because ${flag} forbids to ` +
      'connect, but they are not there, or not all. Run it once without, or give a local folder',
    repo,
  );
}
