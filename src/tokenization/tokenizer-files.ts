import { join } from 'node:path';
import { tokenizerFileNames } from '../checkpoint-files.ts';
import { CheckpointError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { readJsonIfPresent, readTextIfPresent } from './json.ts';

/** What a folder holds of a tokenizer, parsed but not interpreted. */
export interface TokenizerFiles {
  readonly folder: string;
  readonly tokenizerJson: JsonObject | undefined;
  /** Read only where there is no tokenizer.json, which transformers prefers. */
  readonly vocabTxt: string | undefined;
  readonly tokenizerConfig: JsonObject | undefined;
  readonly specialTokensMap: JsonObject | undefined;
  /** The folder's model is a trained token classifier, as its config.json says. */
  readonly trainedClassifier: boolean;
}

/** Throws a CheckpointError for a folder without vocabulary, or with a file that cannot be read. */
export async function readTokenizerFiles(folder: string): Promise<TokenizerFiles> {
  const { vocabTxt, tokenizerJson, tokenizerConfig, specialTokensMap } = tokenizerFileNames;
  const json = await readJsonIfPresent(join(folder, tokenizerJson));
  const vocabulary = json ? undefined : await readTextIfPresent(join(folder, vocabTxt));
  if (!json && vocabulary === undefined) {
    throw new CheckpointError(
      `expected ${tokenizerJson} or ${vocabTxt} for the tokenizer but the folder has neither`,
      folder,
    );
  }
  const config = await readJsonIfPresent(join(folder, 'config.json'));
  const architectures = Array.isArray(config?.architectures) ? config.architectures : [];
  return {
    folder,
    tokenizerJson: json,
    vocabTxt: vocabulary,
    tokenizerConfig: await readJsonIfPresent(join(folder, tokenizerConfig)),
    specialTokensMap: await readJsonIfPresent(join(folder, specialTokensMap)),
    trainedClassifier: architectures.some(name => String(name).endsWith('ForTokenClassification')),
  };
}
