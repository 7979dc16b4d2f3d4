import { readLines } from './lists.mjs';
import { mention, symbol } from './mentions.mjs';

/**
 * @typedef {import('./lists.mjs').Names} Names
 * @typedef {import('./random.mjs').Random} Random
 * @typedef {{ words: string[], tags: string[] }} Sentence
 */

/** A slot, a choice, or a word. */
const PARTS = /\{([^}]*)\}|\[([^\]]*)\]|[^\s{[]+/g;

/** @type {Map<string, string[]>} */
const FILLERS = new Map(
  readLines('fillers').map(line => {
    const colon = line.indexOf(': ');
    return [line.slice(0, colon), line.slice(colon + 2).split('|')];
  }),
);

/**
 * `count` different sentences: patterns in turn, slots filled at random.
 *
 * @param {readonly string[]} patterns @param {Names} names @param {number} count @param {Random} random
 */
export function makeSentences(patterns, names, count, random) {
  /** @type {Map<string, Sentence>} */
  const sentences = new Map();
  for (let turn = 0; sentences.size < count; turn++) {
    /** @type {Sentence} */
    const sentence = { words: [], tags: [] };
    fill(sentence, patterns[turn % patterns.length] ?? '', names, random);
    sentence.words.forEach((word, index) => {
      if (word === 'a' && /^[aeiou]/.test(sentence.words[index + 1] ?? '')) sentence.words[index] = 'an';
    });
    const first = sentence.words[0] ?? '';
    if (/^[a-z-]+$/.test(first)) sentence.words[0] = `${first[0]?.toUpperCase()}${first.slice(1)}`;
    const text = sentence.words.join(' ');
    if (!sentences.has(text)) sentences.set(text, sentence);
  }
  return [...sentences.values()];
}

/** Adds the words of `pattern` to `sentence`. @param {Sentence} sentence @param {string} pattern @param {Names} names @param {Random} random */
function fill(sentence, pattern, names, random) {
  const withSymbols = pattern.replace(/\{symbol\}/g, () => symbol(names, random));
  for (const [text, slot, choices] of withSymbols.matchAll(PARTS)) {
    if (choices !== undefined) add(sentence, random.pick(choices.split('|')));
    else if (slot === undefined) add(sentence, text);
    else if (slot === 'tissue') add(sentence, random.pick(names.tissues));
    else if (slot === 'number') add(sentence, String(2 + random.below(96)));
    else if (slot.includes('='))
      add(sentence, slot.slice(slot.indexOf('=') + 1), slot.slice(0, slot.indexOf('=')));
    else {
      const fillers = FILLERS.get(slot);
      if (fillers) fill(sentence, random.pick(fillers), names, random);
      else add(sentence, mention(slot, names, random), slot);
    }
  }
}

/** @param {Sentence} sentence @param {string} text @param {string} [type] the entity's, if it is one */
function add({ words, tags }, text, type) {
  text.split(' ').forEach((word, index) => {
    words.push(word);
    tags.push(type === undefined ? 'O' : `${index === 0 ? 'B' : 'I'}-${type}`);
  });
}
