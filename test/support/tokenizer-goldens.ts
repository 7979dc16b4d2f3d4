import { readFileSync } from 'node:fs';
import * as library from '@huggingface/tokenizers';
import { fixture } from './shared.ts';

/** What Python's tokenizers answer for a text, without special tokens. */
export interface GoldenPieces {
  pieces: string[];
  ids: number[];
  offsets_utf16: [number, number][];
}

interface TokenizerGoldens {
  cases: { kind: string; text: string; cased: GoldenPieces; uncased: GoldenPieces }[];
  option_cases: (GoldenPieces & {
    text: string;
    settings: { do_lower_case: boolean; strip_accents?: boolean; tokenize_chinese_chars?: boolean };
  })[];
  word_lists: {
    words: string[];
    encoded: Record<string, { input_ids: number[]; attention_mask: number[] }>;
    pieces_per_word_cased: number[];
    pieces_per_word_uncased: number[];
  }[];
}

export const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

export const goldens: TokenizerGoldens = readJson(fixture('goldens', 'tokenizer_cases.json'));

/** A checkpoint folder with vocab.txt, tokenizer.json, tokenizer_config.json and config.json; cased, 400 pieces. */
export const goldenFolder = fixture('goldens', 'checkpoints', 'tc-safetensors');

export const goldenVocabulary = readFileSync(`${goldenFolder}/vocab.txt`, 'utf8').trimEnd().split('\n');

/** @huggingface/tokenizers by itself, on the golden vocabulary. */
export function libraryTokenizer(doLowerCase: boolean): { tokenize(text: string): string[] } {
  const json = readJson(`${goldenFolder}/tokenizer.json`);
  json.normalizer.lowercase = doLowerCase;
  // Its declarations do not resolve (src/tokenization/library.ts says why).
  const { Tokenizer } = library as unknown as {
    Tokenizer: new (json: object, config: object) => { tokenize(text: string): string[] };
  };
  return new Tokenizer(json, {});
}
