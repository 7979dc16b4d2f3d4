import type { ScoredPiece } from './score-texts.ts';

/** A piece of a text with its most likely label, as the aggregation `none` gives it. */
export interface Entity {
  /** The piece; where the vocabulary has none, what stands in the text. */
  word: string;
  /** Probability of the label, by softmax. */
  score: number;
  /** The label, such as `B-protein`. */
  entity: string;
  /** Place in `tokenizer.encode(text)`: [CLS] is 0. */
  index: number;
  /** `text.slice(start, end)` is what the piece stands for: UTF-16 units. */
  start: number;
  end: number;
}

/** Each piece for itself with its most likely label, the first of equals, but for those with a label to ignore. */
export function pieceEntities(
  pieces: readonly ScoredPiece[],
  id2label: Readonly<Record<number, string>>,
  ignoreLabels: readonly string[],
): Entity[] {
  return pieces
    .map(({ word, index, start, end, probabilities }) => {
      const score = Math.max(...probabilities);
      return { word, score, entity: id2label[probabilities.indexOf(score)] ?? '', index, start, end };
    })
    .filter(({ entity }) => !ignoreLabels.includes(entity));
}
