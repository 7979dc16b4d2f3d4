import { OptionError } from '../errors.ts';

/** What a tag says: its place in an entity, such as B, and the entity's type. */
export interface Tag {
  prefix: string;
  type: string;
}

/** What stands before and after a sentence. */
export const OUTSIDE: Tag = { prefix: 'O', type: '_' };

/** Parses each distinct tag once. */
export class TagParser<Parsed> {
  readonly #parse: (tag: string, option: string) => Parsed;
  readonly #known = new Map<string, Parsed>();

  /** `parse` gets the tag and its name for errors, such as `yTrue[3][0]`. */
  constructor(parse: (tag: string, option: string) => Parsed) {
    this.#parse = parse;
  }

  /** Throws an OptionError for anything but an array of non-empty strings. */
  parse(option: string, tags: readonly string[]): Parsed[] {
    if (!Array.isArray(tags)) throw new OptionError(option, 'an array of tags', tags);
    return tags.map((tag, i) => this.#known.get(tag) ?? this.#add(tag, `${option}[${i}]`));
  }

  #add(tag: unknown, option: string): Parsed {
    if (typeof tag !== 'string' || tag === '') throw new OptionError(option, 'a non-empty tag', tag);
    const parsed = this.#parse(tag, option);
    this.#known.set(tag, parsed);
    return parsed;
  }
}

/** The first character of a tag and the rest, or with `suffix` its last character and what stands before it. */
export function splitTag(tag: string, suffix: boolean): { prefix: string; rest: string } {
  const characters = Array.from(tag);
  const prefix = (suffix ? characters.pop() : characters.shift()) ?? '';
  return { prefix, rest: characters.join('') };
}

/** Throws an OptionError unless there are as many predicted tags (or sentences) as gold ones. */
export function checkSameLength(
  option: string,
  yTrue: readonly unknown[],
  yPred: readonly unknown[],
  of: string,
): void {
  if (yTrue.length === yPred.length) return;
  throw new OptionError(option, `${yTrue.length} ${of}, as in the gold annotation,`, yPred.length);
}
