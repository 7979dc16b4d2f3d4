import { existsSync } from 'node:fs';
import { type Corpus, type CorpusName, type CorpusPart, corpora, isCorpusName } from '../data/corpora.ts';
import { fetchCorpusFile } from '../data/fetch-corpus.ts';
import { type DownloadProgress, downloadProgress } from '../hub/progress.ts';
import type { DataSource } from './data-source.ts';

/**
 * Puts files in the place of the names of corpora, fetched where they are not in the cache. A corpus named for training
 * brings the file for evaluation along, and where it has one of its own also that for the test, unless a file for
 * evaluation is given. A path that exists goes before a name.
 *
 * @throws NerbertError if a file cannot be fetched, or the signal's reason
 */
export async function fetchNamedCorpora(
  source: DataSource,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<DataSource> {
  if (source.kind !== 'files') return source;
  const told = new Set<string>();
  const sayOnce = (text: string) => {
    if (!told.has(text)) say(text);
    told.add(text);
  };
  const named = namedCorpus(source.trainFile, sayOnce);
  const own: Corpus | undefined = named && corpora[named];
  const {
    evalFile = named,
    testFile = source.evalFile === undefined && own?.files.devel ? named : undefined,
  } = source;
  const fileOf = async (given: string, part: CorpusPart): Promise<string> => {
    const name = namedCorpus(given, sayOnce);
    return name ? fetchPart(name, part, sayOnce, signal) : given;
  };
  return {
    ...source,
    trainFile: await fileOf(source.trainFile, 'train'),
    evalFile: evalFile && (await fileOf(evalFile, 'devel')),
    testFile: testFile && (await fileOf(testFile, 'test')),
    about: own && `${own.title}; licence: ${own.licence}`,
  };
}

function namedCorpus(given: string, say: (text: string) => void): CorpusName | undefined {
  if (!isCorpusName(given)) return undefined;
  if (!existsSync(given)) return given;
  say(`./${given} is here and is read. Rename it to have the public corpus of that name.`);
  return undefined;
}

/** A corpus without a part for development is evaluated on its test part. */
async function fetchPart(
  name: CorpusName,
  part: CorpusPart,
  onNotice: (text: string) => void,
  signal: AbortSignal,
): Promise<string> {
  const corpus: Corpus = corpora[name];
  let progress: DownloadProgress | undefined;
  try {
    return await fetchCorpusFile(name, corpus.files[part] ? part : 'test', {
      signal,
      onNotice,
      onProgress(file, bytes, total) {
        progress ??= downloadProgress(process.stderr.isTTY ? 'bar' : 'none', `Fetching ${file}`, total);
        progress.show(file, bytes);
      },
    });
  } finally {
    progress?.end();
  }
}
