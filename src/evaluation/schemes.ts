import { OptionError } from '../errors.ts';
import type { EntitySpan, SpanReader } from './entities.ts';
import { OUTSIDE, splitTag, type Tag, TagParser } from './tags.ts';

export const SCHEMES = ['IOB1', 'IOB2', 'IOE1', 'IOE2', 'IOBES', 'BILOU'] as const;

/** How tags mark beginning, inside and end of an entity. */
export type Scheme = (typeof SCHEMES)[number];

/** Prefixes of the tag before and of this tag, each a set of letters, and how the types of the two relate. */
type Pattern = readonly [previous: string, current: string, types: 'same' | 'different' | 'any'];

interface Rules {
  prefixes: string;
  start: readonly Pattern[];
  inside: readonly Pattern[];
  /** When an entity that ended before this tag was complete. */
  end: readonly Pattern[];
}

const ANY = 'IOBESUL';

/** As seqeval reads the schemes. */
const RULES: Record<Scheme, Rules> = {
  IOB1: {
    prefixes: 'IOB',
    start: [
      ['OB', 'I', 'any'],
      ['I', 'I', 'different'],
      ['IB', 'B', 'same'],
    ],
    inside: [['BI', 'I', 'same']],
    end: [
      ['BI', 'I', 'different'],
      ['BI', 'O', 'any'],
      ['I', 'B', 'any'],
      ['B', 'B', 'same'],
    ],
  },
  IOB2: {
    prefixes: 'IOB',
    start: [[ANY, 'B', 'any']],
    inside: [['BI', 'I', 'same']],
    end: [
      ['BI', 'OB', 'any'],
      ['BI', 'I', 'different'],
    ],
  },
  IOE1: {
    prefixes: 'IOE',
    start: [
      ['OE', 'I', 'any'],
      ['I', 'I', 'different'],
      ['E', 'E', 'same'],
    ],
    inside: [['I', 'IE', 'same']],
    end: [
      ['I', 'IE', 'different'],
      ['I', 'O', 'any'],
      ['E', 'IE', 'same'],
    ],
  },
  IOE2: {
    prefixes: 'IOE',
    start: [
      ['OE', 'IE', 'any'],
      ['I', 'IE', 'different'],
    ],
    inside: [['I', 'IE', 'same']],
    end: [['E', ANY, 'any']],
  },
  IOBES: {
    prefixes: 'IOBES',
    start: [[ANY, 'BS', 'any']],
    inside: [['BI', 'IE', 'same']],
    end: [['ES', ANY, 'any']],
  },
  BILOU: {
    prefixes: 'BILOU',
    start: [[ANY, 'BU', 'any']],
    inside: [['BI', 'IL', 'same']],
    end: [['LU', ANY, 'any']],
  },
};

/** The prefixes that a corpus must have and may have for a scheme to be recognised. */
const RECOGNISED: readonly (readonly [scheme: Scheme, required: string, optional: string])[] = [
  ['IOB2', 'B', 'IO'],
  ['IOE2', 'E', 'IO'],
  ['IOBES', 'BE', 'IOS'],
  ['IOBES', 'S', ''],
  ['BILOU', 'BL', 'IOU'],
  ['BILOU', 'U', ''],
];

/** The scheme that the prefixes of all tags together show; seqeval's auto_detect. Throws an OptionError for none. */
export function detectScheme(sentences: readonly (readonly string[])[], suffix = false): Scheme {
  const parser = new TagParser(tag => splitTag(tag, suffix).prefix);
  const found = new Set<string>();
  for (const [i, tags] of sentences.entries()) {
    for (const prefix of parser.parse(`yTrue[${i}]`, tags)) found.add(prefix);
  }
  for (const [scheme, required, optional] of RECOGNISED) {
    const isAllowed = [...found].every(prefix => required.includes(prefix) || optional.includes(prefix));
    if (isAllowed && [...required].every(prefix => found.has(prefix))) return scheme;
  }
  throw new OptionError(
    'yTrue',
    'tags that show their scheme (IOB2, IOE2, IOBES or BILOU)',
    `prefixes ${[...found].sort().join(', ') || '(none)'}`,
    'Name the scheme with the option scheme',
  );
}

/** Tags of a scheme. Throws an OptionError for a tag that the scheme does not have. */
export function schemeTagParser(scheme: Scheme, suffix: boolean): TagParser<Tag> {
  const { prefixes } = RULES[scheme];
  return new TagParser((tag, option) => {
    const { prefix, rest } = splitTag(tag, suffix);
    if (!prefixes.includes(prefix)) {
      const place = suffix ? 'ends' : 'begins';
      throw new OptionError(
        option,
        `a tag of ${scheme}, which ${place} with one of ${[...prefixes].join(', ')},`,
        tag,
      );
    }
    return { prefix, type: rest.replace(/^-+|-+$/g, '') || OUTSIDE.type };
  });
}

/** seqeval's strict mode: an entity counts only if its tags follow the scheme from beginning to end. */
export class StrictReader implements SpanReader {
  readonly #rules: Rules;

  constructor(scheme: Scheme) {
    this.#rules = RULES[scheme];
  }

  /** Positions count within the sentence. */
  spans(sentence: readonly Tag[]): EntitySpan[] {
    const at = (i: number): Tag => sentence[i] ?? OUTSIDE;
    const { start, inside, end } = this.#rules;
    const spans: EntitySpan[] = [];
    let i = 0;
    while (i < sentence.length) {
      const first = i++;
      if (!matches(start, at(first - 1), at(first))) continue;
      while (matches(inside, at(i - 1), at(i))) i++;
      if (matches(end, at(i - 1), at(i))) spans.push([at(first).type, first, i - 1]);
    }
    return spans;
  }
}

function matches(patterns: readonly Pattern[], previous: Tag, tag: Tag): boolean {
  for (const [previousPrefixes, prefixes, types] of patterns) {
    if (!prefixes.includes(tag.prefix) || !previousPrefixes.includes(previous.prefix)) continue;
    if (types === 'any' || (types === 'same') === (previous.type === tag.type)) return true;
  }
  return false;
}
