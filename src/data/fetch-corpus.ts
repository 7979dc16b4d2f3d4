import { join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';
import { checkKnownOptions, checkOneOf } from '../check.ts';
import {
  type Corpus,
  type CorpusFile,
  type CorpusName,
  type CorpusPart,
  corpora,
  corpusNames,
} from './corpora.ts';
import { download, isIntact, type Transfer } from './download.ts';

export interface FetchCorpusOptions {
  /** Ends a download. */
  signal?: AbortSignal | undefined;
  /** Told, before anything is fetched, what is fetched from where, its licence and whom to name. */
  onNotice?: ((text: string) => void) | undefined;
  /** Told how much of a file has come, in bytes. */
  onProgress?: ((file: string, bytes: number, total: number) => void) | undefined;
}

/** Paths of the files of a corpus. */
export type CorpusFiles<Name extends CorpusName> = Record<keyof (typeof corpora)[Name]['files'], string>;

/**
 * A public corpus by its name: `jnlpba` (train, test) or `ncbi-disease` (train, devel, test). Its files come from
 * GitHub's host of raw files, or from `NERBERT_DATA_URL`, and are kept in the cache (`NERBERT_CACHE`, else
 * `~/.cache/nerbert`); their SHA-256 is checked after a download and at every use.
 *
 * @throws OptionError for another name
 * @throws NerbertError `ERR_NETWORK` if a file cannot be fetched or is not what it should be, `ERR_IO` if it cannot be kept
 */
export async function fetchCorpus<Name extends CorpusName>(
  name: Name,
  options: FetchCorpusOptions = {},
): Promise<CorpusFiles<Name>> {
  checkOneOf('name', name, corpusNames);
  checkKnownOptions('fetchCorpus', options, ['signal', 'onNotice', 'onProgress']);
  const files: Partial<Record<CorpusPart, string>> = {};
  let told = false;
  const onNotice = (text: string) => {
    if (!told) options.onNotice?.(text);
    told = true;
  };
  for (const part of Object.keys(corpora[name].files) as CorpusPart[]) {
    files[part] = await fetchCorpusFile(name, part, { ...options, onNotice });
  }
  return files as CorpusFiles<Name>;
}

/** One file of `fetchCorpus`; of a corpus without a `devel` file there is none. */
export async function fetchCorpusFile(
  name: CorpusName,
  part: CorpusPart,
  { signal, onNotice, onProgress }: FetchCorpusOptions = {},
): Promise<string> {
  const corpus: Corpus = corpora[name];
  const file = corpus.files[part] as CorpusFile;
  const path = join(cacheFolder(), 'data', name, corpus.commit.slice(0, 12), file.name);
  if (await isIntact(path, file)) return path;
  const transfer: Transfer = {
    url: `${dataHost()}/${corpus.repository}/${corpus.commit}/${file.path}`,
    path,
    expected: file,
    signal,
    onBytes: bytes => onProgress?.(file.name, bytes, file.bytes),
  };
  onNotice?.(noticeOf(corpus));
  await download(transfer);
  return path;
}

/** The licence and attribution that users of a corpus are to know. */
function noticeOf({ title, repository, commit, licence, attribution }: Corpus): string {
  return `Fetching ${title}
  from github.com/${repository}, commit ${commit.slice(0, 12)}
  licence: ${licence}
  to be named: ${attribution}`;
}

function dataHost(): string {
  return (process.env.NERBERT_DATA_URL || 'https://raw.githubusercontent.com').replace(/\/+$/, '');
}
