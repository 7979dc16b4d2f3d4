import { readDataFromFile } from '../data/conll.ts';
import { DataLoader } from '../data/dataloader.ts';
import { NerDataset } from '../data/dataset.ts';
import { compareCodePoints, getLabels } from '../data/labels.ts';
import type { DataSample } from '../data/sample.ts';
import type { BertTokenizer } from '../tokenization/bert-tokenizer.ts';
import { alignedTable } from './table.ts';
import type { TrainOptions } from './train-options.ts';

/** The sentences of a run. */
export interface Corpus {
  train: DataSample[];
  evaluation: DataSample[] | undefined;
  test: DataSample[] | undefined;
}

/** @throws DataError */
export async function readCorpus(
  files: { trainFile: string; evalFile: string | undefined; testFile: string | undefined },
  limit: number | undefined,
): Promise<Corpus> {
  const read = async (file: string) => (await readDataFromFile(file)).slice(0, limit);
  return {
    train: await read(files.trainFile),
    evaluation: files.evalFile === undefined ? undefined : await read(files.evalFile),
    test: files.testFile === undefined ? undefined : await read(files.testFile),
  };
}

/** All tags of a corpus, sorted. */
export function tagsOf({ train, evaluation = [], test = [] }: Corpus): string[] {
  return Object.keys(getLabels([...train, ...evaluation, ...test]).labels2ind);
}

/** A table of how often each tag occurs in each part of a corpus. */
export function tagTable(corpus: Corpus): string {
  const parts = [
    { name: 'training', samples: corpus.train },
    { name: 'evaluation', samples: corpus.evaluation },
    { name: 'test', samples: corpus.test },
  ].flatMap(({ name, samples }) =>
    samples ? [{ name, samples, counts: getLabels(samples).labelsCount }] : [],
  );
  const tags = tagsOf(corpus).sort(
    (a, b) => Number(b === 'O') - Number(a === 'O') || compareCodePoints(a, b),
  );
  const format = (n: number) => n.toLocaleString('en-US');
  const rows = [
    ['', ...parts.map(({ name }) => name)],
    ['sentences', ...parts.map(({ samples }) => format(samples.length))],
    ...tags.map(tag => [tag, ...parts.map(({ counts }) => format(counts[tag] ?? 0))]),
  ];
  return alignedTable(rows);
}

/** The words of sentences spread over all of `samples`, about `most` of them. */
export function sampleWords(samples: readonly DataSample[], most: number): string[] {
  const total = samples.reduce((sum, { words }) => sum + words.length, 0);
  const step = Math.max(1, Math.ceil(total / most));
  return samples.filter((_, i) => i % step === 0).flatMap(({ words }) => words);
}

/** A loader over sentences, encoded now. @throws OptionError for a tag that the model does not have */
export async function prepareLoader(
  samples: DataSample[],
  tokenizer: BertTokenizer,
  labels2ind: Record<string, number>,
  options: Pick<TrainOptions, 'maxLenSeq' | 'stride' | 'batchSize' | 'seed' | 'groupByLength'> & {
    shuffle: boolean;
  },
): Promise<DataLoader> {
  const { maxLenSeq, stride, batchSize, seed, groupByLength, shuffle } = options;
  const dataset = new NerDataset({ dataset: samples, tokenizer, labels2ind, maxLenSeq, stride });
  await dataset.prepare();
  return new DataLoader({ dataset, batchSize, seed, groupByLength, shuffle });
}
