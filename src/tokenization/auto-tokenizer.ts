import { stat } from 'node:fs/promises';
import { checkBoolean, checkKnownOptions, checkString } from '../check.ts';
import { CheckpointError } from '../errors.ts';
import { BertTokenizer } from './bert-tokenizer.ts';
import { resolveSettings } from './resolve-settings.ts';
import { readTokenizerFiles } from './tokenizer-files.ts';

export interface AutoTokenizerOptions {
  /** Goes before what any file says. */
  doLowerCase?: boolean;
}

/** Loads tokenizers under the name that users of transformers look for. */
export const AutoTokenizer = {
  /**
   * The tokenizer of a checkpoint folder: from tokenizer.json, or from vocab.txt, with tokenizer_config.json and
   * special_tokens_map.json where present. Throws a CheckpointError for a folder without a usable BERT tokenizer.
   */
  async fromPretrained(nameOrPath: string, options: AutoTokenizerOptions = {}): Promise<BertTokenizer> {
    checkKnownOptions('AutoTokenizer.fromPretrained', options, ['doLowerCase']);
    const { doLowerCase } = options;
    if (doLowerCase !== undefined) checkBoolean('doLowerCase', doLowerCase);
    const folder = await resolveFolder(checkString('nameOrPath', nameOrPath));
    const { settings, notes } = resolveSettings(await readTokenizerFiles(folder), doLowerCase);
    return new BertTokenizer(settings, notes);
  },
};

/** The local folder that a name stands for: so far itself. */
async function resolveFolder(nameOrPath: string): Promise<string> {
  const found = await stat(nameOrPath).catch(() => undefined);
  if (found?.isDirectory()) return nameOrPath;
  throw new CheckpointError(
    `expected a local folder with tokenizer.json or vocab.txt for the tokenizer but this is ${found ? 'a file' : 'no folder'}. ` +
      'Give the path of a downloaded checkpoint',
    nameOrPath,
  );
}
