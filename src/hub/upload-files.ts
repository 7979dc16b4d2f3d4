import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { configFile, tokenizerFileNames, weightFiles } from '../checkpoint-files.ts';
import { CheckpointError } from '../errors.ts';
import { isIndex, readShardNames } from './wanted-files.ts';

/** A file of a checkpoint that is published. */
export interface UploadFile {
  name: string;
  path: string;
  size: number;
}

export const modelCard = 'README.md';

/**
 * What may be published beside model and tokenizer: files that hold scores alone. Nothing else is, whatever a folder
 * holds: resume states, histories, error examples and configurations of runs tell of data, or of somebody's machine.
 */
const companions = [
  modelCard,
  'LICENSE',
  'classification_report.txt',
  'report.json',
  'test_report.txt',
  'test_report.json',
  ...['error_curves', 'learning_rate'].flatMap(figure =>
    ['', '_dark'].flatMap(theme => [`${figure}${theme}.png`, `${figure}${theme}.svg`]),
  ),
];

/**
 * The files of a folder that `push` sends, and the names of those that it leaves. Weights are sent in the format that
 * would be loaded.
 *
 * @throws CheckpointError if it is no whole checkpoint
 */
export async function chooseUploads(folder: string): Promise<{ files: UploadFile[]; left: string[] }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(cause => {
    const problem = cause.code === 'ENOENT' ? 'there is none' : cause.message;
    throw new CheckpointError(
      `expected the folder of a checkpoint but ${problem}. Check the path`,
      folder,
      {},
      { cause },
    );
  });
  const present = entries.map(({ name }) => name);
  const expect = (found: string | undefined, what: string): string => {
    if (found !== undefined) return found;
    throw new CheckpointError(`expected ${what} but the folder has none`, folder);
  };
  const pick = (names: readonly string[]) => names.find(name => present.includes(name));
  const config = expect(pick([configFile]), configFile);
  const weights = expect(pick(weightFiles), `weights in one of ${weightFiles.join(', ')}`);
  const { vocabTxt, tokenizerJson } = tokenizerFileNames;
  expect(pick([tokenizerJson, vocabTxt]), `${tokenizerJson} or ${vocabTxt} for the tokenizer`);

  const shards = isIndex(weights) ? await readShardNames(folder, weights) : [];
  const optional = [...Object.values(tokenizerFileNames), ...companions].filter(name =>
    present.includes(name),
  );
  const names = [config, ...optional, weights, ...shards];
  const files = await Promise.all(names.map(name => uploadFile(folder, name)));
  const left = entries
    .filter(({ name }) => !names.includes(name))
    .map(entry => `${entry.name}${entry.isDirectory() ? '/' : ''}`);
  return { files, left: left.sort() };
}

async function uploadFile(folder: string, name: string): Promise<UploadFile> {
  const path = join(folder, name);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile()) return { name, path, size: found.size };
  throw new CheckpointError(
    `expected the file ${name} but ${found ? 'it is none' : 'it is missing'}`,
    folder,
  );
}
