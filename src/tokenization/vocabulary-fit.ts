import type { BertTokenizer } from './bert-tokenizer.ts';

/*
 * Thresholds, and what was measured (unknown words, pieces a word). Fitting: JNLPBA and NCBI-disease with an uncased
 * vocabulary of 30,522 pieces made from general English (0.00 %, 1.29 to 1.48) and a cased one of 8,000 made from JNLPBA
 * (at most 0.05 %, 1.23 to 1.34); the demo with its own (0.00 %, 1.54). Not fitting: that uncased vocabulary with the
 * case of text kept (11.8 to 14.9 %), German, Russian and Arabic with it (2.1, 5.5 and 4.4 pieces), biomedical text
 * with the vocabulary of the demo (2.05 to 2.14).
 */

/** More words than this share have an unknown piece. */
const UNKNOWN_SHARE = 0.01;
/** More pieces than this a word. */
const PIECES_PER_WORD = 2;
/** Lower-casing against a cased vocabulary makes at least so many times the pieces. */
const LOWER_CASED_COST = 1.01;
/** A smaller share of the words that could have a capital has one: the text was lower-cased. */
const CAPITAL_SHARE = 0.001;

/** Fewer words show nothing. */
const FEWEST_WORDS = 200;
const EXAMPLES = 3;

/** How a vocabulary cuts words. */
export interface VocabularyFit {
  /** Words that have pieces. */
  words: number;
  pieces: number;
  /** Words with an unknown piece. */
  unknown: number;
  /** The first few different ones. */
  examples: string[];
}

export function vocabularyFit(tokenizer: BertTokenizer, words: readonly string[]): VocabularyFit {
  const fit: VocabularyFit = { words: 0, pieces: 0, unknown: 0, examples: [] };
  for (const word of words) {
    const ids = tokenizer.encodeWord(word);
    if (ids.length === 0) continue;
    fit.words++;
    fit.pieces += ids.length;
    if (!ids.includes(tokenizer.unkId)) continue;
    fit.unknown++;
    if (fit.examples.length < EXAMPLES && !fit.examples.includes(word)) fit.examples.push(word);
  }
  return fit;
}

/**
 * Warnings for a person to read where the vocabulary does not fit the words, with numbers and advice; none where it does.
 *
 * @param words of the data as they follow one another, or a fair sample
 */
export function vocabularyWarnings(tokenizer: BertTokenizer, words: readonly string[]): string[] {
  if (words.length < FEWEST_WORDS) return [];
  const fit = vocabularyFit(tokenizer, words);
  const warnings = [
    unknownWarning(tokenizer, words, fit) ?? fragmentWarning(fit),
    caseWarning(tokenizer, words, fit),
  ];
  return warnings.filter(warning => warning !== undefined).map(warning => `Warning: ${warning}`);
}

function unknownWarning(
  tokenizer: BertTokenizer,
  words: readonly string[],
  { words: all, unknown, examples }: VocabularyFit,
): string | undefined {
  if (unknown <= UNKNOWN_SHARE * all) return undefined;
  const shown = examples.map(word => JSON.stringify(word)).join(', ');
  const other = vocabularyFit(tokenizer.withCase(!tokenizer.doLowerCase), words);
  const caseHelps = other.unknown <= unknown / 2;
  const remedy = caseHelps
    ? `With text ${tokenizer.doLowerCase ? 'in its own case' : 'lower-cased'} it would be ${percent(other.unknown, other.words)}: ` +
      `set do_lower_case to ${!tokenizer.doLowerCase} in the model's tokenizer_config.json`
    : 'Choose a model whose vocabulary was made for the language and the script of the data';
  return `the vocabulary does not fit the data: ${percent(unknown, all)} of the words have an unknown piece, such as ${shown}. ${remedy}`;
}

function fragmentWarning({ words, pieces }: VocabularyFit): string | undefined {
  if (pieces <= PIECES_PER_WORD * words) return undefined;
  return (
    `the vocabulary does not fit the data: it cuts a word into ${average(pieces, words)} pieces on average, where 1.2 to ` +
    '1.6 are usual. The model knows few of the words, and sentences get long. Choose a model that was made for the ' +
    'language and the kind of text of the data'
  );
}

/** Text without capitals meets only a part of a cased vocabulary. */
function caseWarning(
  tokenizer: BertTokenizer,
  words: readonly string[],
  { words: all, pieces }: VocabularyFit,
): string | undefined {
  if (!tokenizer.hasCasedVocabulary) return undefined;
  if (tokenizer.doLowerCase) {
    const kept = vocabularyFit(tokenizer.withCase(false), words);
    if (pieces < LOWER_CASED_COST * kept.pieces || kept.unknown > UNKNOWN_SHARE * kept.words)
      return undefined;
    return (
      `text is lower-cased, but the vocabulary is cased: ${average(pieces, all)} pieces a word, and ` +
      `${average(kept.pieces, kept.words)} if its case were kept. Unless the model was trained that way, set ` +
      "do_lower_case to false in the model's tokenizer_config.json"
    );
  }
  const bicameral = words.filter(word => word.toLowerCase() !== word.toUpperCase());
  const capitals = bicameral.filter(word => word.toLowerCase() !== word).length;
  if (bicameral.length < FEWEST_WORDS || capitals >= CAPITAL_SHARE * bicameral.length) return undefined;
  return (
    `the data seem to be lower-cased (${capitals} of ${bicameral.length} words with letters have a capital), but the ` +
    'vocabulary is cased. Take the data with their capitals, or choose an uncased model'
  );
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}

function average(sum: number, count: number): string {
  return (sum / count).toFixed(2);
}
