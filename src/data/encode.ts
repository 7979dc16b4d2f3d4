import { OptionError } from '../errors.ts';
import type { DataSample } from './sample.ts';

/** What the data layer needs of a tokenizer; BertTokenizer has it. */
export interface WordTokenizer {
  /** Piece ids of one word, without special tokens; empty for a word without pieces (a zero-width space). */
  encodeWord(word: string): Int32Array;
  readonly clsId: number;
  readonly sepId: number;
  readonly padId: number;
}

/** A sentence as pieces, without special tokens. */
export interface EncodedSentence {
  /** Piece ids of all words, end to end. */
  readonly pieces: Int32Array;
  /** Word w is pieces `wordStarts[w]` up to `wordStarts[w + 1]`, `(words + 1)`. */
  readonly wordStarts: Int32Array;
  /** Label id of each word. */
  readonly labelIds: Int32Array;
}

/**
 * Encodes word by word: no piece spans two words. `index` is the sentence's place in the data set, for messages.
 * Throws an OptionError for a word that is no string and for a label without an id.
 */
export function encodeSentence(
  sample: DataSample,
  index: number,
  tokenizer: WordTokenizer,
  labelIdOf: ReadonlyMap<string, number>,
): EncodedSentence {
  const { words, labels } = sample;
  const wordStarts = new Int32Array(words.length + 1);
  const labelIds = new Int32Array(words.length);
  const encoded = words.map((word, w) => {
    if (typeof word !== 'string') throw new OptionError(`dataset[${index}].words[${w}]`, 'a string', word);
    const ids = tokenizer.encodeWord(word);
    wordStarts[w + 1] = (wordStarts[w] as number) + ids.length;
    labelIds[w] = labelIdOf.get(labels[w] as string) ?? unknownLabel(sample, index, w, labelIdOf);
    return ids;
  });
  const pieces = new Int32Array(wordStarts[words.length] as number);
  encoded.forEach((ids, w) => {
    pieces.set(ids, wordStarts[w]);
  });
  return { pieces, wordStarts, labelIds };
}

function unknownLabel(
  { words, labels }: DataSample,
  index: number,
  w: number,
  known: ReadonlyMap<string, number>,
): never {
  throw new OptionError(
    'labels2ind',
    `an id for ${JSON.stringify(labels[w])}, the label of ${JSON.stringify(words[w])} (dataset[${index}].labels[${w}]),`,
    `ids for ${[...known.keys()].join(', ')} only`,
    'Make labels2ind with getLabels from training and evaluation data together, or correct the label',
  );
}
