import { AddedTokenFinder } from './added-tokens.ts';
import { BertPreTokenizer, WordPiece } from './library.ts';
import { type AlignedText, AligningNormalizer } from './normalizer.ts';
import type { TokenizerSettings } from './settings.ts';

/** A piece of a text and its range there, in UTF-16 units. */
export interface TextPiece {
  readonly id: number;
  readonly piece: string;
  readonly start: number;
  readonly end: number;
  /** Counts the parts that white space and punctuation make of the text. */
  readonly word: number;
}

/**
 * From text to pieces, without special tokens, in the order of transformers: added tokens are set apart, the rest is
 * normalised, split at white space and punctuation, and each part matched greedily against the vocabulary.
 */
export class PieceEncoder {
  readonly #added: AddedTokenFinder;
  readonly #addedNormalized: AddedTokenFinder;
  readonly #normalizer: AligningNormalizer;
  readonly #preTokenizer = new BertPreTokenizer();
  readonly #wordPiece: InstanceType<typeof WordPiece>;
  readonly #prefixLength: number;

  constructor(settings: TokenizerSettings) {
    const { addedTokens, pieces, continuingSubwordPrefix, maxInputCharsPerWord, specialTokens } = settings;
    this.#normalizer = new AligningNormalizer(settings);
    this.#added = new AddedTokenFinder(
      addedTokens.filter(token => !token.normalized),
      token => token.content,
    );
    this.#addedNormalized = new AddedTokenFinder(
      addedTokens.filter(token => token.normalized),
      token => this.#normalizer.normalize(token.content),
    );
    this.#prefixLength = continuingSubwordPrefix.length;
    this.#wordPiece = new WordPiece({
      unk_token: specialTokens.unk,
      continuing_subword_prefix: continuingSubwordPrefix,
      max_input_chars_per_word: maxInputCharsPerWord,
      // Filled below: through this object it would take three times as long.
      vocab: {},
    });
    pieces.forEach((piece, id) => {
      this.#wordPiece.tokens_to_ids.set(piece, id);
    });
    // The unknown piece may be an added token, outside the model's own vocabulary.
    const unknown = addedTokens.find(({ content }) => content === specialTokens.unk);
    if (unknown) this.#wordPiece.tokens_to_ids.set(unknown.content, unknown.id);
  }

  encode(text: string): TextPiece[] {
    const found: TextPiece[] = [];
    let word = 0;
    for (const { start, end, token } of this.#added.split(text)) {
      if (token) {
        found.push({ id: token.id, piece: token.content, start, end, word });
        word += 1;
      } else {
        word = this.#encodeSection(this.#normalizer.align(text.slice(start, end), start), word, found);
      }
    }
    return found;
  }

  #encodeSection(aligned: AlignedText, firstWord: number, found: TextPiece[]): number {
    let word = firstWord;
    for (const { start, end, token } of this.#addedNormalized.split(aligned.text)) {
      if (token) {
        found.push({ id: token.id, piece: token.content, ...originOf(aligned, start, end), word });
        word += 1;
        continue;
      }
      const part = aligned.text.slice(start, end);
      let cursor = 0;
      for (const preToken of this.#preTokenizer.pre_tokenize_text(part)) {
        // Nothing but white space was skipped, and a pre-token has none: the next occurrence is the right one.
        cursor = part.indexOf(preToken, cursor);
        this.#encodePreToken(preToken, start + cursor, aligned, word, found);
        cursor += preToken.length;
        word += 1;
      }
    }
    return word;
  }

  #encodePreToken(
    preToken: string,
    at: number,
    aligned: AlignedText,
    word: number,
    found: TextPiece[],
  ): void {
    const pieces = this.#wordPiece.encode([preToken]);
    let start = at;
    pieces.forEach((piece, i) => {
      const id = this.#wordPiece.tokens_to_ids.get(piece) as number;
      // A single piece, the unknown one among them, is the whole pre-token.
      const length = pieces.length === 1 ? preToken.length : piece.length - (i > 0 ? this.#prefixLength : 0);
      found.push({ id, piece, ...originOf(aligned, start, start + length), word });
      start += length;
    });
  }
}

/** The original range of normalised `[start, end)`, which is not empty. */
function originOf({ starts, ends }: AlignedText, start: number, end: number): { start: number; end: number } {
  return { start: starts[start] as number, end: ends[end - 1] as number };
}
