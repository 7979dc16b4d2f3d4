import { CheckpointError, describe } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { booleanField, stringField } from './json.ts';
import type { AddedToken, TokenizerSettings } from './settings.ts';
import { idOf } from './special-tokens.ts';
import { checkId, piecesById } from './vocabulary.ts';

/** What a tokenizer.json says; truncation, padding and post-processor are not read: nerbert sets them itself. */
export interface ParsedTokenizerJson {
  readonly pieces: readonly string[];
  readonly addedTokens: readonly AddedToken[];
  readonly unkToken: string | undefined;
  readonly continuingSubwordPrefix: string | undefined;
  readonly maxInputCharsPerWord: number | undefined;
  readonly doLowerCase: boolean | undefined;
  readonly stripAccents: boolean | undefined;
  readonly tokenizeChineseChars: boolean | undefined;
  readonly cleanText: boolean | undefined;
}

/** Throws a CheckpointError for anything but BERT's normaliser, pre-tokeniser and WordPiece. */
export function parseTokenizerJson(json: JsonObject, file: string): ParsedTokenizerJson {
  const model = componentOf(json, 'model', 'WordPiece', file);
  const normalizer = componentOf(json, 'normalizer', 'BertNormalizer', file);
  componentOf(json, 'pre_tokenizer', 'BertPreTokenizer', file);
  if (!isJsonObject(model.vocab)) {
    throw new CheckpointError(
      `expected model.vocab to map pieces to ids but it is ${describe(model.vocab)}`,
      file,
    );
  }
  const maxChars = model.max_input_chars_per_word ?? undefined;
  if (maxChars !== undefined && !(Number.isSafeInteger(maxChars) && (maxChars as number) > 0)) {
    throw new CheckpointError(
      `expected a positive integer for max_input_chars_per_word but it is ${describe(maxChars)}`,
      file,
    );
  }
  const addedTokens = json.added_tokens ?? [];
  if (!Array.isArray(addedTokens)) {
    throw new CheckpointError(`expected a list for added_tokens but it is ${describe(addedTokens)}`, file);
  }
  return {
    pieces: piecesById(model.vocab, file),
    addedTokens: addedTokens.map(token =>
      parseAddedToken(token, isJsonObject(token) ? token.id : token, file),
    ),
    unkToken: stringField(model, 'unk_token', file),
    continuingSubwordPrefix: stringField(model, 'continuing_subword_prefix', file),
    maxInputCharsPerWord: maxChars as number | undefined,
    doLowerCase: booleanField(normalizer, 'lowercase', file),
    stripAccents: booleanField(normalizer, 'strip_accents', file),
    tokenizeChineseChars: booleanField(normalizer, 'handle_chinese_chars', file),
    cleanText: booleanField(normalizer, 'clean_text', file),
  };
}

/** An entry of added_tokens, or of tokenizer_config.json's added_tokens_decoder, whose ids are its keys. */
export function parseAddedToken(token: unknown, id: unknown, file: string): AddedToken {
  if (!isJsonObject(token) || typeof token.content !== 'string' || token.content === '') {
    throw new CheckpointError(
      `expected an added token to be an object with content but it is ${describe(token)}`,
      file,
    );
  }
  const special = booleanField(token, 'special', file) ?? false;
  return {
    id: checkId(id, token.content, file),
    content: token.content,
    singleWord: booleanField(token, 'single_word', file) ?? false,
    lstrip: booleanField(token, 'lstrip', file) ?? false,
    rstrip: booleanField(token, 'rstrip', file) ?? false,
    normalized: booleanField(token, 'normalized', file) ?? !special,
    special,
  };
}

/** The content of a tokenizer.json, as the tokenizers library writes it. */
export function toTokenizerJson(settings: TokenizerSettings): JsonObject {
  const { specialTokens, pieces, addedTokens } = settings;
  const { cls, sep } = specialTokens;
  const sequence = (id: 'A' | 'B', type: 0 | 1) => ({ Sequence: { id, type_id: type } });
  const special = (id: string, type: 0 | 1) => ({ SpecialToken: { id, type_id: type } });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens.map(token => ({
      id: token.id,
      content: token.content,
      single_word: token.singleWord,
      lstrip: token.lstrip,
      rstrip: token.rstrip,
      normalized: token.normalized,
      special: token.special,
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: settings.cleanText,
      handle_chinese_chars: settings.tokenizeChineseChars,
      strip_accents: settings.stripAccents,
      lowercase: settings.doLowerCase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [special(cls, 0), sequence('A', 0), special(sep, 0)],
      pair: [special(cls, 0), sequence('A', 0), special(sep, 0), sequence('B', 1), special(sep, 1)],
      special_tokens: Object.fromEntries(
        (['cls', 'sep'] as const).map(role => {
          const token = specialTokens[role];
          return [token, { id: token, ids: [idOf(role, settings)], tokens: [token] }];
        }),
      ),
    },
    decoder: { type: 'WordPiece', prefix: settings.continuingSubwordPrefix, cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: specialTokens.unk,
      continuing_subword_prefix: settings.continuingSubwordPrefix,
      max_input_chars_per_word: settings.maxInputCharsPerWord,
      vocab: Object.fromEntries(pieces.flatMap((piece, id) => (piece === '' ? [] : [[piece, id]]))),
    },
  };
}

function componentOf(json: JsonObject, name: string, type: string, file: string): JsonObject {
  const component = json[name];
  if (isJsonObject(component) && typeOf(component) === type) return component;
  const found = isJsonObject(component) ? `of type ${describe(typeOf(component))}` : describe(component);
  throw new CheckpointError(
    `expected the tokenizer of a BERT model (${name} of type ${type}) but its ${name} is ${found}. ` +
      `Only BERT's WordPiece tokenizers can be used`,
    file,
  );
}

/** Early files name no type for the model; a WordPiece one is known by its limit on word length. */
function typeOf(component: JsonObject): unknown {
  return component.type ?? ('max_input_chars_per_word' in component ? 'WordPiece' : undefined);
}
