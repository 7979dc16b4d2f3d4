/** A token that is recognised in the text as a whole, before anything is normalised or split. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Only where no letter or digit touches it. */
  readonly singleWord: boolean;
  /** White space on its left (right) belongs to it. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Looked for in the normalised text instead of the original one. */
  readonly normalized: boolean;
  readonly special: boolean;
}

/** The special tokens that BERT gives a role, by their text. */
export interface SpecialTokens {
  readonly unk: string;
  readonly sep: string;
  readonly pad: string;
  readonly cls: string;
  /** Absent where the vocabulary has none: only pre-training needs it. */
  readonly mask?: string;
}

/** How text is normalised before it is split, as in BertNormalizer. */
export interface NormalizerSettings {
  readonly doLowerCase: boolean;
  /** Null follows `doLowerCase`. */
  readonly stripAccents: boolean | null;
  readonly tokenizeChineseChars: boolean;
  /** Drop control characters and make all white space a space. */
  readonly cleanText: boolean;
}

/** All that a BERT tokenizer is made of, whatever files it came from. */
export interface TokenizerSettings extends NormalizerSettings {
  /** The model's pieces by id; an unused id has the empty string. Of a piece named twice the later id is used. */
  readonly pieces: readonly string[];
  readonly specialTokens: SpecialTokens;
  readonly addedTokens: readonly AddedToken[];
  readonly continuingSubwordPrefix: string;
  /** A longer word, in code points, is unknown. */
  readonly maxInputCharsPerWord: number;
  /** The longest sequence of the model, with special tokens, where a file says so. */
  readonly modelMaxLength: number | undefined;
}
