import { join } from 'node:path';
import { tokenizerFileNames } from '../checkpoint-files.ts';
import { CheckpointError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { decideCase } from './case-guard.ts';
import { booleanField } from './json.ts';
import type { AddedToken, TokenizerSettings } from './settings.ts';
import { type NamedSpecialTokens, namedSpecialTokens, settleSpecialTokens } from './special-tokens.ts';
import type { TokenizerFiles } from './tokenizer-files.ts';
import { parseAddedToken, parseTokenizerJson } from './tokenizer-json.ts';
import { parseVocabTxt, repeatedPieces } from './vocabulary.ts';

/** Settings, with what was decided on the way and must be said aloud. */
export interface ResolvedSettings {
  readonly settings: TokenizerSettings;
  readonly notes: readonly string[];
}

/** Classes for which transformers takes tokenizer.json as it is; for BERT's own, tokenizer_config.json goes first. */
const generalClasses: readonly unknown[] = ['PreTrainedTokenizerFast', 'TokenizersBackend'];

/**
 * From the files of a folder to settings, with the precedence of transformers: the vocabulary of tokenizer.json
 * before vocab.txt; do_lower_case, strip_accents and tokenize_chinese_chars of tokenizer_config.json before those of
 * tokenizer.json. Where transformers would lower-case by default against tokenizer.json, that file's word is taken;
 * where no file has one, `decideCase` decides. `doLowerCase` goes before all.
 */
export function resolveSettings(files: TokenizerFiles, doLowerCase?: boolean): ResolvedSettings {
  const { folder, tokenizerConfig: config = {} } = files;
  const configFile = join(folder, tokenizerFileNames.tokenizerConfig);
  const vocabularyFile = join(folder, tokenizerFileNames[files.tokenizerJson ? 'tokenizerJson' : 'vocabTxt']);
  const json = files.tokenizerJson && parseTokenizerJson(files.tokenizerJson, vocabularyFile);
  const pieces = json?.pieces ?? parseVocabTxt(files.vocabTxt ?? '', vocabularyFile);

  const setting = (key: string, ofJson: boolean | undefined): boolean | undefined => {
    const ofConfig = booleanField(config, key, configFile);
    return generalClasses.includes(config.tokenizer_class) ? (ofJson ?? ofConfig) : (ofConfig ?? ofJson);
  };
  const stated = doLowerCase ?? setting('do_lower_case', json?.doLowerCase);
  const decision = stated === undefined ? decideCase(pieces, files.trainedClassifier) : undefined;

  const named = namedInFiles(files, json?.unkToken);
  const added = [...(json?.addedTokens ?? []), ...addedTokensDecoder(config, configFile)];
  const { specialTokens, addedTokens, missing } = settleSpecialTokens(pieces, added, named);
  if (missing.length > 0) {
    throw new CheckpointError(
      `expected the vocabulary to have the special tokens of BERT but it lacks ${missing.join(', ')}. ` +
        `If they have other names, give these in ${tokenizerFileNames.specialTokensMap}`,
      vocabularyFile,
    );
  }
  return {
    settings: {
      pieces,
      specialTokens,
      addedTokens,
      doLowerCase: stated ?? decision?.doLowerCase ?? true,
      stripAccents: setting('strip_accents', json?.stripAccents) ?? null,
      tokenizeChineseChars: setting('tokenize_chinese_chars', json?.tokenizeChineseChars) ?? true,
      cleanText: json?.cleanText ?? true,
      continuingSubwordPrefix: json?.continuingSubwordPrefix ?? '##',
      maxInputCharsPerWord: json?.maxInputCharsPerWord ?? 100,
      modelMaxLength: lengthOf(config.model_max_length),
    },
    notes: [
      ...(decision ? [`${folder}: ${decision.note}`] : []),
      ...(json ? [] : noteRepeated(pieces)).map(note => `${vocabularyFile}: ${note}`),
    ],
  };
}

/** What is to be said of pieces that stand in the vocabulary more than once. */
export function noteRepeated(pieces: readonly string[]): string[] {
  const repeated = repeatedPieces(pieces);
  if (repeated.length === 0) return [];
  const shown = repeated.slice(0, 3).map(piece => JSON.stringify(piece));
  const more = repeated.length > 3 ? ` and ${repeated.length - 3} more` : '';
  return [`The vocabulary has ${shown.join(', ')}${more} more than once; the last id of each is used`];
}

/** special_tokens_map.json goes before tokenizer_config.json, unless that is of the kind that lists all added tokens. */
function namedInFiles(files: TokenizerFiles, unkToken: string | undefined): NamedSpecialTokens {
  const { folder, tokenizerConfig: config = {}, specialTokensMap } = files;
  const ofConfig = namedSpecialTokens(config, join(folder, tokenizerFileNames.tokenizerConfig));
  const map = 'added_tokens_decoder' in config ? {} : (specialTokensMap ?? {});
  const ofMap = namedSpecialTokens(map, join(folder, tokenizerFileNames.specialTokensMap));
  return {
    roles: { ...(unkToken === undefined ? {} : { unk: unkToken }), ...ofConfig.roles, ...ofMap.roles },
    additional: [...ofConfig.additional, ...ofMap.additional],
  };
}

function addedTokensDecoder(config: JsonObject, file: string): AddedToken[] {
  const decoder = config.added_tokens_decoder;
  if (!isJsonObject(decoder)) return [];
  return Object.entries(decoder).map(([id, token]) => parseAddedToken(token, Number(id), file));
}

/** transformers writes an enormous number where no length is known. */
function lengthOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : undefined;
}
