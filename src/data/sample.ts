import { OptionError } from '../errors.ts';

/** A sentence: its words and, for each of them, its tag. */
export interface DataSample {
  words: string[];
  labels: string[];
}

/** Throws an OptionError unless `samples` is a list of sentences with a label for each word. */
export function checkSamples(option: string, samples: unknown): asserts samples is readonly DataSample[] {
  if (!Array.isArray(samples)) throw new OptionError(option, 'an array of { words, labels }', samples);
  samples.forEach((sample: Partial<DataSample> | null | undefined, index) => {
    const words = sample?.words;
    const labels = sample?.labels;
    if (!Array.isArray(words) || !Array.isArray(labels)) {
      throw new OptionError(`${option}[${index}]`, 'arrays words and labels', sample);
    }
    if (words.length !== labels.length) {
      throw new OptionError(
        `${option}[${index}]`,
        'as many labels as words',
        `${words.length} words, ${labels.length} labels`,
      );
    }
  });
}
