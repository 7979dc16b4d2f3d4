import { checkInteger, checkKnownOptions } from '../check.ts';
import { OptionError } from '../errors.ts';
import { displayWidth, padDisplay } from './display-width.ts';

/** A sentence with, for each word, its gold and its predicted tag. */
export interface PredictedSentence {
  words: readonly string[];
  labels: readonly string[];
  predictions: readonly string[];
}

/** Whether any word of a sentence has another tag than the gold one. */
export function hasMistake({ labels, predictions }: PredictedSentence): boolean {
  return labels.some((label, i) => label !== predictions[i]);
}

export interface MistakesOptions {
  /** Sentences shown at most. Default: all. */
  maxMistakes?: number | undefined;
}

const HEADER = ['TOKEN', 'LABEL', 'PRED'] as const;

/** The sentences with at least one mistake, as tables, for sentence after sentence. */
export class MistakeTables {
  readonly #maxMistakes: number;
  #shown = 0;

  constructor(options: MistakesOptions = {}) {
    checkKnownOptions('MistakeTables', options, ['maxMistakes']);
    const { maxMistakes = Number.MAX_SAFE_INTEGER } = options;
    this.#maxMistakes = checkInteger('maxMistakes', maxMistakes);
  }

  /**
   * The lines to print for the next sentence: none if every word is right or the limit is reached, else a blank line
   * (unless this is the first table), then a word a line under TOKEN, LABEL and PRED in aligned columns.
   */
  next(sentence: PredictedSentence): string[] {
    checkSentence(sentence);
    const { words, labels, predictions } = sentence;
    if (this.#shown >= this.#maxMistakes || !hasMistake(sentence)) return [];
    const separator = this.#shown++ === 0 ? [] : [''];
    const rows = words.map((word, i) => [word, labels[i] ?? '', predictions[i] ?? ''] as const);
    return [...separator, ...alignColumns([HEADER, ...rows])];
  }
}

/** The tables of all sentences with a mistake, a blank line between them; empty if there is none. */
export function formatMistakes(
  sentences: Iterable<PredictedSentence>,
  options: MistakesOptions = {},
): string {
  const tables = new MistakeTables(options);
  return Array.from(sentences, sentence => tables.next(sentence))
    .flat()
    .join('\n');
}

function checkSentence({ words, labels, predictions }: PredictedSentence): void {
  if (words.length === labels.length && words.length === predictions.length) return;
  throw new OptionError(
    'sentence',
    'a label and a prediction for each word',
    `${words.length} words, ${labels.length} labels, ${predictions.length} predictions`,
  );
}

function alignColumns(
  rows: readonly (readonly [token: string, label: string, prediction: string])[],
): string[] {
  const tokenWidth = Math.max(...rows.map(([token]) => displayWidth(token)));
  const labelWidth = Math.max(...rows.map(([, label]) => displayWidth(label)));
  return rows.map(
    ([token, label, prediction]) =>
      `${padDisplay(token, tokenWidth)}  ${padDisplay(label, labelWidth)}  ${prediction}`,
  );
}
