import { DataLoader, type DataLoaderOptions } from '../../src/data/dataloader.ts';
import { NerDataset, type NerDatasetOptions } from '../../src/data/dataset.ts';
import type { DataSample } from '../../src/data/sample.ts';
import { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';
import type { ModelOptions } from '../../src/model/model-options.ts';
import { AutoTokenizer } from '../../src/tokenization/auto-tokenizer.ts';
import type { TrainerEvent } from '../../src/training/events.ts';
import { getOptimizerWithWeightDecay } from '../../src/training/optimizer.ts';
import { BertTrainer, type RunOptions } from '../../src/training/trainer.ts';
import type { BertTrainerOptions } from '../../src/training/trainer-options.ts';
import { checkpoint } from './checkpoints.ts';
import { noDropout } from './train-golden.ts';

/* A task that a tiny model learns within a few dozen steps of a millisecond or two. */

export const tokenizer = await AutoTokenizer.fromPretrained(checkpoint('tc-safetensors'));

export const labels = ['B-cell', 'B-protein', 'I-cell', 'I-protein', 'O'];

const proteins = ['p53', 'c-fos', 'TNF receptor', 'NF-kappa B', 'GATA protein', 'interleukin 2'];
const cells = ['Jurkat cells', 'human lymphocytes', 'myeloid leukemia cells', 'macrophage', 'T cells'];
const patterns = [
  ['binding of the', 'protein', 'to the promoter in', 'cell', '.'],
  ['cell', 'are stimulated by the', 'protein', '.'],
  ['the', 'protein', 'gene of the', 'cell', 'on', 'protein', '.'],
];

/** Sentences `first` to `first + count - 1` of an endless corpus. */
export function sentences(count: number, first = 0): DataSample[] {
  return Array.from({ length: count }, (_, i) => sentence(first + i));
}

function sentence(index: number): DataSample {
  const sample: DataSample = { words: [], labels: [] };
  const add = (text: string, type?: string): void => {
    for (const [i, word] of text.split(' ').entries()) {
      sample.words.push(word);
      sample.labels.push(type === undefined ? 'O' : `${i === 0 ? 'B' : 'I'}-${type}`);
    }
  };
  const pick = (list: string[], stride: number) => list[(index * stride) % list.length] ?? '';
  for (const part of patterns[index % patterns.length] ?? []) {
    if (part === 'protein') add(pick(proteins, 5), part);
    else if (part === 'cell') add(pick(cells, 3), part);
    else add(part);
  }
  return sample;
}

/** A new tiny BERT for the corpus, without dropout, the same each time. */
export function smallModel(options: ModelOptions = {}): Promise<BertForTokenClassification> {
  const config = {
    vocabSize: tokenizer.vocabSize,
    hiddenSize: 32,
    numHiddenLayers: 2,
    numAttentionHeads: 4,
    intermediateSize: 64,
    maxPositionEmbeddings: 64,
  };
  return BertForTokenClassification.fromConfig(config, {
    id2label: labels,
    device: 'cpu',
    ...noDropout,
    ...options,
  });
}

/** A loader over sentences with the model's label ids; batches of 4 unless told otherwise. */
export function loaderOf(
  model: BertForTokenClassification,
  samples: DataSample[],
  options: Partial<DataLoaderOptions> = {},
  dataset: Partial<NerDatasetOptions> = {},
): DataLoader {
  const data = { dataset: samples, tokenizer, labels2ind: model.config.label2id, maxLenSeq: 64, ...dataset };
  return new DataLoader({ dataset: new NerDataset(data), batchSize: 4, ...options });
}

/** A trainer that writes and prints nothing unless told to. */
export function trainerOf(
  model: BertForTokenClassification,
  options: Partial<BertTrainerOptions> & { learningRate?: number } = {},
): BertTrainer {
  const { learningRate = 1e-2, ...others } = options;
  return new BertTrainer({
    model,
    tokenizer,
    optimizer: getOptimizerWithWeightDecay({ model, learningRate }),
    nEpochs: 1,
    labels2ind: model.config.label2id,
    progress: false,
    saveBest: false,
    report: false,
    figures: false,
    ...others,
  });
}

/** All events of a run. */
export async function eventsOf(trainer: BertTrainer, data: RunOptions): Promise<TrainerEvent[]> {
  const events: TrainerEvent[] = [];
  for await (const event of trainer.run(data)) events.push(event);
  return events;
}

/** The events of one type. */
export function only<Type extends TrainerEvent['type']>(
  events: readonly TrainerEvent[],
  type: Type,
): Extract<TrainerEvent, { type: Type }>[] {
  return events.filter((event): event is Extract<TrainerEvent, { type: Type }> => event.type === type);
}
