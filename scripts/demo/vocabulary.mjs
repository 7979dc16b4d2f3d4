/** @typedef {import('./sentences.mjs').Sentence} Sentence */

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
/** Rarer words, names above all, are left to their parts, so that unseen names look like seen ones. */
const WORD_COUNT = 12;
const PART_LENGTHS = [2, 3, 4];
/** Parts are taken from this many different words on. */
const PART_WORDS = 4;
const PARTS = 700;

/**
 * A cased WordPiece vocabulary, by frequency alone: special tokens; every printable ASCII character, at the start of a
 * word and (letters and digits) within it; words seen at least 12 times; the 700 commonest starts and the 700
 * commonest inner parts of two to four characters, by the number of different words that have them.
 *
 * @param {readonly Sentence[]} sentences
 */
export function makeVocabulary(sentences) {
  /** @type {Map<string, number>} */
  const words = new Map();
  for (const word of sentences.flatMap(sentence => sentence.words)) {
    for (const [token] of word.matchAll(/[A-Za-z0-9]+|[^A-Za-z0-9]/g))
      words.set(token, (words.get(token) ?? 0) + 1);
  }
  /** @type {Map<string, number>} */
  const starts = new Map();
  /** @type {Map<string, number>} */
  const inner = new Map();
  for (const word of words.keys()) {
    for (const length of PART_LENGTHS) {
      if (word.length > length) count(starts, word.slice(0, length));
      const found = new Set();
      for (let at = 1; at + length <= word.length; at++) found.add(word.slice(at, at + length));
      for (const part of found) count(inner, `##${part}`);
    }
  }
  const characters = Array.from({ length: 0x7f - 0x21 }, (_, index) => String.fromCharCode(0x21 + index));
  const continuing = characters
    .filter(character => /[A-Za-z0-9]/.test(character))
    .map(character => `##${character}`);
  return [
    ...new Set([
      ...SPECIAL,
      ...characters,
      ...continuing,
      ...commonest(words, Infinity, WORD_COUNT),
      ...commonest(starts, PARTS, PART_WORDS),
      ...commonest(inner, PARTS, PART_WORDS),
    ]),
  ];
}

/** @param {Map<string, number>} counts @param {string} key */
function count(counts, key) {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/**
 * Keys by falling count, then in the order of their characters.
 *
 * @param {Map<string, number>} counts @param {number} most @param {number} least
 */
function commonest(counts, most, least) {
  return [...counts]
    .filter(([, n]) => n >= least)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([key]) => key);
}
