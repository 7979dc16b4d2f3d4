import { OptionError } from '../errors.ts';
import { checkSameLength } from './tags.ts';
import { type Tally, tallyOf } from './tally.ts';

/** Counts how often each tag was annotated, predicted, and predicted correctly, word by word. */
export class WordCounts {
  readonly #byTag = new Map<string, Tally>();

  /** Counts by tag, of every tag annotated or predicted so far. */
  get byTag(): ReadonlyMap<string, Readonly<Tally>> {
    return this.#byTag;
  }

  /** Adds words: their gold and their predicted tags. Throws an OptionError, counting nothing, if they cannot be. */
  add(yTrue: readonly string[], yPred: readonly string[]): void {
    checkTags('yTrue', yTrue);
    checkTags('yPred', yPred);
    checkSameLength('yPred', yTrue, yPred, 'tags');
    for (let i = 0; i < yTrue.length; i++) {
      const actual = yTrue[i] ?? '';
      const predicted = yPred[i] ?? '';
      const tally = tallyOf(this.#byTag, actual);
      tally.actual++;
      if (actual === predicted) {
        tally.predicted++;
        tally.correct++;
      } else {
        tallyOf(this.#byTag, predicted).predicted++;
      }
    }
  }
}

function checkTags(option: string, tags: readonly unknown[]): void {
  if (!Array.isArray(tags)) throw new OptionError(option, 'an array of tags', tags);
  const index = tags.findIndex(tag => typeof tag !== 'string');
  if (index !== -1) throw new OptionError(`${option}[${index}]`, 'a tag', tags[index]);
}
