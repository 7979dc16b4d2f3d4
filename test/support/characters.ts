import type { WordTokenizer } from '../../src/data/encode.ts';

/** A tokenizer whose pieces are a word's characters, by their code; `_` has no piece. */
export const characters: WordTokenizer = {
  clsId: 1,
  sepId: 2,
  padId: 0,
  encodeWord: word => Int32Array.from([...word.replaceAll('_', '')], character => character.charCodeAt(0)),
};

/** `'ab c'` as a sentence of words that all have the label O. */
export function sentence(text: string): { words: string[]; labels: string[] } {
  const words = text === '' ? [] : text.split(' ');
  return { words, labels: words.map(() => 'O') };
}

/** Piece ids of `characters` as text: `<` [CLS], `>` [SEP], `.` padding. */
export function shown(ids: Int32Array): string {
  return Array.from(ids, id => '.<>'[id] ?? String.fromCharCode(id)).join('');
}
