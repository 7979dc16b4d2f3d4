import { CheckpointError, describe } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import type { AddedToken, SpecialTokens, TokenizerSettings } from './settings.ts';

/** BERT's own, used where no file names others. */
const bertTokens = { unk: '[UNK]', sep: '[SEP]', pad: '[PAD]', cls: '[CLS]', mask: '[MASK]' } as const;

const roleNames = Object.keys(bertTokens) as (keyof typeof bertTokens)[];

/** Special tokens by name, as files give them: those with a role, and further ones. */
export interface NamedSpecialTokens {
  readonly roles: Partial<SpecialTokens>;
  readonly additional: readonly string[];
}

/** Reads tokenizer_config.json or special_tokens_map.json; a token is a string or an object with `content`. */
export function namedSpecialTokens(json: JsonObject, file: string): NamedSpecialTokens {
  const named = roleNames.flatMap(role => {
    const value = json[`${role}_token`] ?? undefined;
    return value === undefined ? [] : [[role, contentOf(value, `${role}_token`, file)]];
  });
  // transformers 5 has a new name for the list.
  const additional = ['additional_special_tokens', 'extra_special_tokens'].flatMap(key => {
    const list = json[key];
    return Array.isArray(list) ? list.map(value => contentOf(value, key, file)) : [];
  });
  return { roles: Object.fromEntries(named), additional };
}

/** The special tokens in force, all of them among the added tokens. */
export interface SettledSpecialTokens {
  readonly specialTokens: SpecialTokens;
  readonly addedTokens: readonly AddedToken[];
  /** Tokens that BERT cannot do without and that have no id. */
  readonly missing: readonly string[];
}

/** Gives the named tokens their ids; of those that a vocabulary may lack, the ones without id are left out. */
export function settleSpecialTokens(
  pieces: readonly string[],
  addedTokens: readonly AddedToken[],
  { roles, additional }: NamedSpecialTokens,
): SettledSpecialTokens {
  const settled = new Map(addedTokens.map(token => [token.content, token]));
  const add = (content: string): boolean => {
    const id = settled.get(content)?.id ?? pieces.lastIndexOf(content);
    if (id < 0) return false;
    const plain = { singleWord: false, lstrip: false, rstrip: false, normalized: false };
    settled.set(content, { ...plain, ...settled.get(content), id, content, special: true });
    return true;
  };
  const { mask, ...required } = { ...bertTokens, ...roles };
  const missing = Object.values(required).filter(content => !add(content));
  const hasMask = add(mask);
  additional.forEach(add);
  return {
    specialTokens: hasMask ? { ...required, mask } : required,
    addedTokens: [...settled.values()].sort((a, b) => a.id - b.id),
    missing,
  };
}

/** The id of a special token; every one in force is among the added tokens. */
export function idOf(
  role: 'unk' | 'sep' | 'pad' | 'cls',
  { specialTokens, addedTokens }: Pick<TokenizerSettings, 'specialTokens' | 'addedTokens'>,
): number {
  return addedTokens.find(token => token.content === specialTokens[role])?.id as number;
}

function contentOf(value: unknown, key: string, file: string): string {
  const content = isJsonObject(value) ? value.content : value;
  if (typeof content === 'string' && content !== '') return content;
  throw new CheckpointError(
    `expected ${key} to be text or an object with content but it is ${describe(value)}`,
    file,
  );
}
