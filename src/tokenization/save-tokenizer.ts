import { join } from 'node:path';
import { tokenizerFileNames } from '../checkpoint-files.ts';
import { makeFolder, writeFileAtomically } from '../files.ts';
import type { TokenizerSettings } from './settings.ts';
import { toTokenizerJson } from './tokenizer-json.ts';

/**
 * Writes the four files that transformers knows a BERT tokenizer by; each replaces its former one whole.
 *
 * @throws NerbertError `ERR_IO`
 */
export async function saveTokenizer(settings: TokenizerSettings, folder: string): Promise<void> {
  const special = specialTokensMap(settings);
  const contents = {
    [tokenizerFileNames.vocabTxt]: settings.pieces.map(piece => `${piece}\n`).join(''),
    [tokenizerFileNames.tokenizerJson]: toText(toTokenizerJson(settings)),
    [tokenizerFileNames.specialTokensMap]: toText(special),
    [tokenizerFileNames.tokenizerConfig]: toText({
      ...special,
      do_lower_case: settings.doLowerCase,
      ...(settings.modelMaxLength === undefined ? {} : { model_max_length: settings.modelMaxLength }),
      strip_accents: settings.stripAccents,
      tokenize_chinese_chars: settings.tokenizeChineseChars,
      tokenizer_class: 'BertTokenizer',
    }),
  };
  await makeFolder(folder);
  for (const [name, content] of Object.entries(contents)) {
    await writeFileAtomically(join(folder, name), content);
  }
}

function specialTokensMap({ specialTokens, addedTokens }: TokenizerSettings): Record<string, unknown> {
  const roles = Object.entries(specialTokens).map(([role, content]) => [`${role}_token`, content]);
  const known = new Set<string>(Object.values(specialTokens));
  const additional = addedTokens
    .filter(token => token.special && !known.has(token.content))
    .map(token => token.content);
  return {
    ...Object.fromEntries(roles),
    ...(additional.length > 0 ? { additional_special_tokens: additional } : {}),
  };
}

function toText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
