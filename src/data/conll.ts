import { checkKnownOptions, checkString } from '../check.ts';
import { DataError } from '../errors.ts';
import type { DataSample } from './sample.ts';
import { textLines } from './text-lines.ts';

/** Outside, or the place in an entity (of IOB, IOE, IOBES or BILOU) and its type. */
const TAG = /^(?:O|[BIESLU]-\S(?:.*\S)?)$/;
const BAD_LINES_SHOWN = 10;

export interface ReadOptions {
  /** What stands between columns. @default '\t' */
  separator?: string;
}

/**
 * Reads sentences in columns (CoNLL, IOB2): a word a line, the first column the word and the last its tag. A line of
 * nothing but white space ends a sentence; so does the end of the file. Left out are comments (lines that begin with
 * `#` and have no separator) and `-DOCSTART-` and `###MEDLINE` lines, which end a sentence too.
 *
 * Throws a DataError that shows the first ten bad lines, or says why the file cannot be read.
 */
export async function readDataFromFile(path: string, options: ReadOptions = {}): Promise<DataSample[]> {
  const samples: DataSample[] = [];
  for await (const sample of readSentences(path, options)) samples.push(sample);
  return samples;
}

/** The sentences of `readDataFromFile` one by one; bad lines are told at the end of the file. */
export async function* readSentences(path: string, options: ReadOptions = {}): AsyncGenerator<DataSample> {
  checkKnownOptions('readDataFromFile', options, ['separator']);
  const separator = checkString('separator', options.separator ?? '\t');
  const parser = new ConllParser(checkString('path', path), separator);
  for await (const lines of textLines(path)) {
    for (const line of lines) {
      const sentence = parser.push(line);
      if (sentence) yield sentence;
    }
  }
  const last = parser.end();
  if (last) yield last;
}

class ConllParser {
  readonly #path: string;
  readonly #separator: string;
  #line = 0;
  #sample: DataSample = { words: [], labels: [] };
  #hasSentence = false;
  #badLines = 0;
  #firstBadLine = 0;
  readonly #shownBadLines: string[] = [];
  #fitsSpaces = false;

  constructor(path: string, separator: string) {
    this.#path = path;
    this.#separator = separator;
  }

  /** Takes the next line; returns the sentence that it ends, if any. */
  push(text: string): DataSample | undefined {
    this.#line++;
    if (text.trim() === '' || text.startsWith('-DOCSTART-') || text.startsWith('###MEDLINE')) {
      return this.#endSentence();
    }
    const wordEnd = text.indexOf(this.#separator);
    if (wordEnd === -1) {
      if (!text.startsWith('#')) this.#reject(text, `no ${this.#shownSeparator()}`);
      return undefined;
    }
    const word = text.slice(0, wordEnd);
    const tag = text.slice(text.lastIndexOf(this.#separator) + this.#separator.length).trim();
    if (word === '') this.#reject(text, 'no word before the separator');
    else if (tag === '') this.#reject(text, 'no tag after the last separator');
    else if (!TAG.test(tag)) this.#reject(text, `no tag: ${JSON.stringify(tag)}`);
    else {
      this.#sample.words.push(word);
      this.#sample.labels.push(tag);
    }
    return undefined;
  }

  /** Ends the file: returns the last sentence, or throws a DataError for what was wrong. */
  end(): DataSample | undefined {
    const sentence = this.#endSentence();
    if (this.#badLines > 0) throw this.#badLinesError();
    if (!this.#hasSentence) {
      throw new DataError('Expected sentences, one word and its tag a line, but found none', this.#path);
    }
    return sentence;
  }

  #endSentence(): DataSample | undefined {
    if (this.#sample.words.length === 0) return undefined;
    const sentence = this.#sample;
    this.#sample = { words: [], labels: [] };
    this.#hasSentence = true;
    return sentence;
  }

  #reject(text: string, problem: string): void {
    if (this.#badLines++ === 0) {
      this.#firstBadLine = this.#line;
      this.#fitsSpaces = this.#separator !== ' ' && TAG.test(text.slice(text.lastIndexOf(' ') + 1));
    }
    if (this.#badLines <= BAD_LINES_SHOWN) {
      const shown = text.length > 60 ? `${text.slice(0, 57)}...` : text;
      this.#shownBadLines.push(`  line ${this.#line}: ${problem} in ${JSON.stringify(shown)}`);
    }
  }

  #badLinesError(): DataError {
    const more = this.#badLines - this.#shownBadLines.length;
    const remedy = this.#fitsSpaces
      ? "The columns look separated by spaces: separator ' ' would fit"
      : 'Correct the lines; tags are O or B-, I-, E-, S-, L-, U- and a type';
    return new DataError(
      `Expected a word, a ${this.#shownSeparator()} and a tag on each line, but ` +
        `${this.#badLines === 1 ? '1 line differs' : `${this.#badLines} lines differ`}:\n` +
        `${this.#shownBadLines.join('\n')}${more > 0 ? `\n  and ${more} more` : ''}\n${remedy}`,
      this.#path,
      this.#firstBadLine,
    );
  }

  #shownSeparator(): string {
    if (this.#separator === '\t') return 'tab';
    return this.#separator === ' ' ? 'space' : `separator ${JSON.stringify(this.#separator)}`;
  }
}
