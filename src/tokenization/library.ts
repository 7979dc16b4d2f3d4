import * as tokenizers from '@huggingface/tokenizers';

/*
 * The parts of @huggingface/tokenizers that BERT needs, typed here: the package's own declarations leave the
 * extensions of their imports out, which TypeScript does not resolve for an ES module.
 */

interface BertNormalizer {
  normalize(text: string): string;
}

interface BertPreTokenizer {
  pre_tokenize_text(text: string): string[];
}

interface WordPiece {
  readonly tokens_to_ids: Map<string, number>;
  /** Pieces of words; the unknown one stands for a whole word. */
  encode(words: string[]): string[];
}

interface Library {
  readonly BertNormalizer: new (config: {
    clean_text: boolean;
    handle_chinese_chars: boolean;
    strip_accents: boolean;
    lowercase: boolean;
  }) => BertNormalizer;
  readonly BertPreTokenizer: new () => BertPreTokenizer;
  readonly WordPiece: new (config: {
    unk_token: string;
    continuing_subword_prefix: string;
    max_input_chars_per_word: number;
    vocab: Readonly<Record<string, number>>;
  }) => WordPiece;
}

export const { BertNormalizer, BertPreTokenizer, WordPiece } = tokenizers as unknown as Library;
