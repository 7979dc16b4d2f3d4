import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configFile, isShardName, tokenizerFileNames, weightFiles } from '../checkpoint-files.ts';
import { CheckpointError } from '../errors.ts';

/** What of a checkpoint is needed: the model, the tokenizer, or both. */
export type Wanted = 'model' | 'tokenizer' | 'checkpoint';

/** What is looked for, in words. */
export const wantedInWords: Record<Wanted, string> = {
  model: 'config.json and weights',
  tokenizer: 'tokenizer.json or vocab.txt',
  checkpoint: 'config.json, weights and tokenizer.json or vocab.txt',
};

const { vocabTxt, tokenizerJson, ...tokenizerSettings } = tokenizerFileNames;

/**
 * The files of a listing that are needed, weights in one format alone. The vocabulary comes after all else that tells
 * how to use it, so that it is never there alone: a tokenizer would be loaded otherwise than it should.
 *
 * @throws CheckpointError if something necessary is not in the listing
 */
export function chooseFiles(repo: string, listed: readonly string[], wanted: Wanted): string[] {
  const present = (names: readonly string[]) => names.filter(name => listed.includes(name));
  const necessary = (names: readonly string[], what: string, found = inWords(listed)): readonly string[] => {
    if (names.length > 0) return names;
    throw new CheckpointError(`expected ${what} but the model on the hub holds ${found}`, repo);
  };
  const config = present([configFile]);
  if (wanted !== 'tokenizer') necessary(config, configFile);
  const tokenizer = wanted === 'model' ? [] : present(Object.values(tokenizerSettings));
  const vocabulary =
    wanted === 'model'
      ? []
      : necessary(present([vocabTxt, tokenizerJson]), `${tokenizerJson} or ${vocabTxt} for the tokenizer`);
  const weights =
    wanted === 'tokenizer'
      ? []
      : necessary(
          present(weightFiles).slice(0, 1),
          `weights in one of ${weightFiles.join(', ')}`,
          foreignWeights(listed),
        );
  return [...tokenizer, ...config, ...vocabulary, ...weights];
}

function foreignWeights(listed: readonly string[]): string | undefined {
  const foreign = listed.filter(name => /\.(h5|msgpack|onnx|gguf|ckpt\S*)$/.test(name));
  return foreign.length === 0
    ? undefined
    : `only ${inWords(foreign)}. Convert them with Python's transformers first`;
}

/** Whether a folder, whose content is not known from a listing, holds what is needed. */
export async function holdsAll(
  folder: string,
  wanted: Wanted,
  has: (name: string) => Promise<boolean>,
): Promise<boolean> {
  if (wanted !== 'model' && !(await has(tokenizerJson)) && !(await has(vocabTxt))) return false;
  if (wanted === 'tokenizer') return true;
  if (!(await has(configFile))) return false;
  for (const name of weightFiles) {
    if (!(await has(name))) continue;
    if (!isIndex(name)) return true;
    const shards = await readShardNames(folder, name);
    const there = await Promise.all(shards.map(has));
    return there.every(Boolean);
  }
  return false;
}

export function isIndex(name: string): boolean {
  return name.endsWith('.index.json');
}

/** The files that an index names. @throws CheckpointError for one that is no index, or names a file elsewhere */
export async function readShardNames(folder: string, index: string): Promise<string[]> {
  const path = join(folder, index);
  let map: unknown;
  try {
    map = JSON.parse(await readFile(path, 'utf8')).weight_map;
  } catch (cause) {
    throw new CheckpointError(
      `expected the JSON of an index: ${(cause as Error).message}`,
      path,
      {},
      { cause },
    );
  }
  const names = [...new Set(Object.values(map ?? {}))].sort();
  const bad = names.find(name => !isShardName(name));
  if (bad === undefined && names.length > 0 && names.length <= 1000) return names as string[];
  const found = bad === undefined ? `${names.length} files` : JSON.stringify(bad)?.slice(0, 100);
  throw new CheckpointError(`expected the names of files beside the index but found ${found}`, path);
}

function inWords(names: readonly string[]): string {
  if (names.length === 0) return 'nothing';
  const shown = names.slice(0, 10).map(name => JSON.stringify(name.slice(0, 100)).slice(1, -1));
  return shown.join(', ') + (names.length > shown.length ? ` and ${names.length - shown.length} more` : '');
}
