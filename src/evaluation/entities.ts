import { checkBoolean, checkKnownOptions } from '../check.ts';
import { OptionError } from '../errors.ts';
import { OUTSIDE, splitTag, type Tag, TagParser } from './tags.ts';

/** An entity: its type and the positions of its first and last word, both inclusive. */
export type EntitySpan = [type: string, start: number, end: number];

/** Finds the entities of sentence after sentence. */
export interface SpanReader {
  /** The entities of the next sentence, by ascending end. */
  spans(sentence: readonly Tag[]): EntitySpan[];
}

export interface EntitiesOptions {
  /** Tags end with their prefix (`protein-B`) instead of beginning with it. @default false */
  suffix?: boolean;
}

/**
 * The entities in `tags`, read leniently: a wrong or missing beginning opens an entity all the same, as in conlleval.
 * Of a list of sentences the positions count on, with one position between sentences. Equal to seqeval's get_entities.
 *
 * Throws an OptionError for anything but non-empty strings.
 */
export function getEntities(
  tags: readonly string[] | readonly (readonly string[])[],
  options: EntitiesOptions = {},
): EntitySpan[] {
  checkKnownOptions('getEntities', options, ['suffix']);
  const parser = chunkTagParser(checkBoolean('suffix', options.suffix ?? false));
  const reader = new ChunkReader();
  if (!Array.isArray(tags)) throw new OptionError('tags', 'an array of tags or of sentences', tags);
  if (!isSentenceList(tags)) return reader.spans(parser.parse('tags', tags));
  return tags.flatMap((sentence, i) => reader.spans(parser.parse(`tags[${i}]`, sentence)));
}

function isSentenceList(
  tags: readonly (string | readonly string[])[],
): tags is readonly (readonly string[])[] {
  return tags.some(item => Array.isArray(item));
}

/** Tags as seqeval's default mode splits them: the type is what follows (or precedes) the hyphen, else all the rest. */
export function chunkTagParser(suffix: boolean): TagParser<Tag> {
  return new TagParser(tag => {
    const { prefix, rest } = splitTag(tag, suffix);
    const type = suffix ? beforeLastHyphen(rest) : afterFirstHyphen(rest);
    return { prefix, type: type || OUTSIDE.type };
  });
}

function beforeLastHyphen(text: string): string {
  const hyphen = text.lastIndexOf('-');
  return hyphen === -1 ? text : text.slice(0, hyphen);
}

function afterFirstHyphen(text: string): string {
  return text.slice(text.indexOf('-') + 1);
}

/**
 * seqeval's default mode. Positions and state go on from sentence to sentence, as in the reference, where a tag outside
 * of all schemes may look back over the end of a sentence.
 */
export class ChunkReader implements SpanReader {
  #previous: Tag = { prefix: 'O', type: '' };
  #start = 0;
  #position = 0;

  spans(sentence: readonly Tag[]): EntitySpan[] {
    const spans: EntitySpan[] = [];
    for (let i = 0; i <= sentence.length; i++) {
      const tag = sentence[i] ?? OUTSIDE;
      if (endsChunk(this.#previous, tag)) spans.push([this.#previous.type, this.#start, this.#position - 1]);
      if (startsChunk(this.#previous, tag)) this.#start = this.#position;
      this.#previous = tag;
      this.#position++;
    }
    return spans;
  }
}

function endsChunk(previous: Tag, tag: Tag): boolean {
  if (previous.prefix === 'E' || previous.prefix === 'S') return true;
  if ((previous.prefix === 'B' || previous.prefix === 'I') && 'BSO'.includes(tag.prefix)) return true;
  return isInside(previous) && previous.type !== tag.type;
}

function startsChunk(previous: Tag, tag: Tag): boolean {
  if (tag.prefix === 'B' || tag.prefix === 'S') return true;
  if ((tag.prefix === 'E' || tag.prefix === 'I') && 'ESO'.includes(previous.prefix)) return true;
  return isInside(tag) && previous.type !== tag.type;
}

function isInside(tag: Tag): boolean {
  return tag.prefix !== 'O' && tag.prefix !== '.';
}
