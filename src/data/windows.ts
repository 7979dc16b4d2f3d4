import type { EncodedSentence } from './encode.ts';

/** A stretch of a sentence that the model sees at once. */
export interface Window {
  /** Pieces `start` up to `end` of the sentence. */
  readonly start: number;
  readonly end: number;
  /** Indices of the words that are labelled in this window, in order. */
  readonly words: Int32Array;
}

/** How sentences beyond the maximum length are treated: as several windows, or cut after the first one. */
export type LongSentences = 'windows' | 'cut';

/**
 * The windows of a sentence, each of at most `capacity` pieces, each begun before a word; a sentence that fits is one.
 *
 * A window takes as many words as fit. The next one goes back by as many whole words as make at most `stride` pieces
 * and leave room for the next new word. A word beyond `capacity` pieces has a window of its own, without its tail.
 * Each word with pieces is labelled in exactly one window: the one in which it is farther from the nearer edge (ends
 * of the sentence are no edges), the earlier at a tie.
 */
export function windowsOf(sentence: EncodedSentence, capacity: number, stride: number): Window[] {
  if (sentence.pieces.length <= capacity) return [cutWindow(sentence, capacity)];
  const spans = spansOf(sentence.wordStarts, capacity, stride);
  const labelled: number[][] = spans.map(() => []);
  forEachPiecedWord(sentence, (word, wordStart, wordEnd) => {
    let best = 0;
    let bestContext = -Infinity;
    spans.forEach(({ start, end }, index) => {
      if (wordStart < start || wordStart >= end) return;
      const before = start === 0 ? Infinity : wordStart - start;
      const after = end === sentence.pieces.length ? Infinity : end - wordEnd;
      const context = Math.min(before, after);
      if (context > bestContext) {
        best = index;
        bestContext = context;
      }
    });
    labelled[best]?.push(word);
  });
  return spans.map(({ start, end }, index) => ({
    start,
    end,
    words: Int32Array.from(labelled[index] ?? []),
  }));
}

/** The first `capacity` pieces as the only window; words that begin after it are labelled nowhere. */
export function cutWindow(sentence: EncodedSentence, capacity: number): Window {
  const end = Math.min(sentence.pieces.length, capacity);
  const words: number[] = [];
  forEachPiecedWord(sentence, (word, wordStart) => {
    if (wordStart < end) words.push(word);
  });
  return { start: 0, end, words: Int32Array.from(words) };
}

function spansOf(wordStarts: Int32Array, capacity: number, stride: number): { start: number; end: number }[] {
  const words = wordStarts.length - 1;
  const at = (word: number) => wordStarts[word] as number;
  const spans: { start: number; end: number }[] = [];
  let first = 0;
  for (;;) {
    while (at(first + 1) === at(first)) first++; // a window begins with a piece
    let after = first + 1;
    while (after < words && at(after + 1) - at(first) <= capacity) after++;
    spans.push({ start: at(first), end: Math.min(at(after), at(first) + capacity) });
    if (at(after) === at(words)) return spans;
    first = after;
    while (at(after) - at(first - 1) <= stride && at(after + 1) - at(first - 1) <= capacity) first--;
  }
}

/** Calls `visit` with each word that has pieces and with its stretch of them. */
function forEachPiecedWord(
  { wordStarts }: EncodedSentence,
  visit: (word: number, start: number, end: number) => void,
): void {
  for (let word = 0; word + 1 < wordStarts.length; word++) {
    const start = wordStarts[word] as number;
    const end = wordStarts[word + 1] as number;
    if (start < end) visit(word, start, end);
  }
}
