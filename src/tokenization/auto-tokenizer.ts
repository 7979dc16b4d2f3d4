import { checkBoolean, checkKnownOptions, checkString } from '../check.ts';
import { checkpointFolder } from '../hub/checkpoint-folder.ts';
import { type HubOptions, hubOptionNames } from '../hub/settings.ts';
import { BertTokenizer } from './bert-tokenizer.ts';
import { resolveSettings } from './resolve-settings.ts';
import { readTokenizerFiles } from './tokenizer-files.ts';

export interface AutoTokenizerOptions extends HubOptions {
  /** Goes before what any file says. */
  doLowerCase?: boolean;
}

/** Loads tokenizers under the name that users of transformers look for. */
export const AutoTokenizer = {
  /**
   * The tokenizer of a checkpoint, a local folder or a model of the Hugging Face hub: from tokenizer.json, or from vocab.txt, with tokenizer_config.json and
   * special_tokens_map.json where present. Throws a CheckpointError for a folder without a usable BERT tokenizer.
   */
  async fromPretrained(nameOrPath: string, options: AutoTokenizerOptions = {}): Promise<BertTokenizer> {
    checkKnownOptions('AutoTokenizer.fromPretrained', options, ['doLowerCase', ...hubOptionNames]);
    const { doLowerCase, ...hub } = options;
    if (doLowerCase !== undefined) checkBoolean('doLowerCase', doLowerCase);
    const folder = await checkpointFolder(checkString('nameOrPath', nameOrPath), 'tokenizer', hub);
    const { settings, notes } = resolveSettings(await readTokenizerFiles(folder), doLowerCase);
    return new BertTokenizer(settings, notes);
  },
};
