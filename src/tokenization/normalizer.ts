import { BertNormalizer } from './library.ts';
import type { NormalizerSettings } from './settings.ts';

/** Normalised text, with the range of the original text that each of its UTF-16 units came from. */
export interface AlignedText {
  readonly text: string;
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/**
 * The library's BERT normaliser, applied to one code point at a time, so that every normalised character knows its
 * origin. Nothing that it does looks at neighbours but two steps, in neither of which the whole-text form is wanted:
 * the final sigma of `toLowerCase` (BERT's own vocabularies and Python's tokenizers map every Σ to σ), and the
 * canonical order of combining marks (those are stripped, or left alone). Which characters are marks or punctuation is
 * as in Node's Unicode; Python's tokenizers know those of Unicode 8.
 */
export class AligningNormalizer {
  readonly #normalizer: InstanceType<typeof BertNormalizer>;
  readonly #tokenizeChineseChars: boolean;
  readonly #normalized = new Map<string, string>();

  constructor({ doLowerCase, stripAccents, tokenizeChineseChars, cleanText }: NormalizerSettings) {
    this.#tokenizeChineseChars = tokenizeChineseChars;
    this.#normalizer = new BertNormalizer({
      clean_text: cleanText,
      handle_chinese_chars: tokenizeChineseChars,
      lowercase: doLowerCase,
      strip_accents: stripAccents ?? doLowerCase,
    });
  }

  normalize(text: string): string {
    return this.align(text, 0).text;
  }

  /** `text` begins at `origin` of the text that the ranges are to count in. */
  align(text: string, origin: number): AlignedText {
    let normalized = '';
    const starts: number[] = [];
    const ends: number[] = [];
    let start = origin;
    for (const character of text) {
      const end = start + character.length;
      const piece = this.#normalizeCharacter(character);
      for (let unit = 0; unit < piece.length; unit++) {
        starts.push(start);
        ends.push(end);
      }
      normalized += piece;
      start = end;
    }
    return { text: normalized, starts, ends };
  }

  #normalizeCharacter(character: string): string {
    let normalized = this.#normalized.get(character);
    if (normalized === undefined) {
      normalized = this.#normalizer.normalize(character);
      // The library sets apart the ideographs of the first plane only (it looks at UTF-16 units).
      if (this.#tokenizeChineseChars && isAstralIdeograph(character)) normalized = ` ${normalized} `;
      this.#normalized.set(character, normalized);
    }
    return normalized;
  }
}

/** The ranges beyond the first plane that Python's tokenizers set apart (2B820 to 2B91F is not among them). */
function isAstralIdeograph(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return (
    (code >= 0x20000 && code <= 0x2a6df) ||
    (code >= 0x2a700 && code <= 0x2b81f) ||
    (code >= 0x2b920 && code <= 0x2ceaf) ||
    (code >= 0x2f800 && code <= 0x2fa1f)
  );
}
