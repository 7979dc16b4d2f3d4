import { CheckpointError } from '../errors.ts';

/** Above any BERT vocabulary; keeps a file with one enormous id from asking for all memory. */
const maxVocabularySize = 2 ** 22;

/** The pieces of a vocab.txt by id, one a line; white space after them and blank lines at the end do not count. */
export function parseVocabTxt(text: string, file: string): string[] {
  const pieces = text.split('\n').map(line => line.trimEnd());
  while (pieces.at(-1) === '') pieces.pop();
  if (pieces.length === 0) throw new CheckpointError('expected one piece a line but it is empty', file);
  return pieces;
}

/** The pieces of tokenizer.json's vocabulary by id; ids that it leaves out get the empty string. */
export function piecesById(vocabulary: Readonly<Record<string, unknown>>, file: string): string[] {
  // Not its entries: making these takes three times as long for a large vocabulary.
  const names = Object.keys(vocabulary);
  if (names.length === 0) throw new CheckpointError('expected a vocabulary but it is empty', file);
  // At its size from the start: the pieces that are numbers come first, and would make a slow, sparse list of it.
  const pieces = new Array<string | undefined>(names.length).fill(undefined);
  for (const piece of names) {
    const id = checkId(vocabulary[piece], piece, file);
    if (/[\r\n]/.test(piece)) {
      throw new CheckpointError(
        `expected pieces without line breaks but ${JSON.stringify(piece)} has one`,
        file,
      );
    }
    const other = pieces[id];
    if (other !== undefined) {
      const both = `${JSON.stringify(other)} and ${JSON.stringify(piece)}`;
      throw new CheckpointError(`expected an id of its own for each piece but ${both} share ${id}`, file);
    }
    pieces[id] = piece;
  }
  return Array.from(pieces, piece => piece ?? '');
}

export function checkId(id: unknown, piece: string, file: string): number {
  if (Number.isInteger(id) && (id as number) >= 0 && (id as number) < maxVocabularySize) return id as number;
  throw new CheckpointError(
    `expected an id between 0 and ${maxVocabularySize - 1} for ${JSON.stringify(piece)} but it is ${String(id)}`,
    file,
  );
}

/** Pieces that several ids have. */
export function repeatedPieces(pieces: readonly string[]): string[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const piece of pieces) {
    if (piece !== '' && seen.has(piece)) repeated.add(piece);
    seen.add(piece);
  }
  return [...repeated];
}
