import type { Encoding } from '../tokenization/bert-tokenizer.ts';

/** Pieces `start` up to `end` of a text, which the model sees at once. */
export interface TextWindow {
  readonly start: number;
  readonly end: number;
}

/**
 * Lays a text, encoded without special tokens, out in windows of at most `capacity` pieces, end to end: each piece is
 * in exactly one. A window ends where white space precedes the next piece; if it has no such place, between two
 * parts that the tokenizer sets apart; else when it is full. A text without pieces is one empty window.
 */
export function textWindows(encoding: Encoding, capacity: number): TextWindow[] {
  const { length } = encoding.ids;
  const windows: TextWindow[] = [];
  let start = 0;
  do {
    const full = start + capacity;
    const end =
      full >= length
        ? length
        : (lastBreak(start, full, i => followsSpace(encoding, i)) ??
          lastBreak(start, full, i => encoding.wordIds[i] !== encoding.wordIds[i - 1]) ??
          full);
    windows.push({ start, end });
    start = end;
  } while (start < length);
  return windows;
}

/** The last of the places after `start`, up to `full`, before which a window may end. */
function lastBreak(start: number, full: number, isBreak: (piece: number) => boolean): number | undefined {
  for (let piece = full; piece > start; piece--) {
    if (isBreak(piece)) return piece;
  }
  return undefined;
}

function followsSpace({ offsets }: Encoding, piece: number): boolean {
  return (offsets[piece]?.[0] ?? 0) > (offsets[piece - 1]?.[1] ?? 0);
}
