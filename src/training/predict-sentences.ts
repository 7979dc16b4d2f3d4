import { IGNORE_INDEX, type LabelledWords, type PackedBatch } from '../batch.ts';
import { DataLoader } from '../data/dataloader.ts';
import type { DataSample } from '../data/sample.ts';
import { checkBatch } from '../engine/packing.ts';
import type { PredictedSentence } from '../evaluation/mistakes.ts';
import type { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import type { BertTokenizer } from '../tokenization/bert-tokenizer.ts';
import type { BatchLoader } from './loader.ts';

export interface PredictedBatch {
  sentences: PredictedSentence[];
  /** As in `LabelPredictions`. */
  lossSum: number;
  lossWeight: number;
}

/** What a word gets that no window shows to the model: it has no pieces, or lies beyond a cut. */
const UNSEEN = 'O';

/**
 * Predicts every word of a loader's sentences, a batch at a time. From a DataLoader come whole sentences, with the
 * words that no piece stands for; from another iterable each row is a sentence and each labelled piece a word.
 */
export async function* predictSentences(
  model: BertForTokenClassification,
  loader: BatchLoader,
  tokenizer: BertTokenizer,
): AsyncGenerator<PredictedBatch> {
  const tagOf = (id: number): string => model.config.id2label[id] ?? UNSEEN;
  const samples = loader instanceof DataLoader ? loader.dataset.samples : undefined;
  const seen = new Set<number>();
  let index = 0;
  for (const batch of loader) {
    const { packed } = checkBatch(batch, model.geometry, `dataloaderVal[${index++}]`);
    const { predictions, lossSum, lossWeight } = await model.predictPacked(packed);
    const sentences =
      samples && batch.labelledWords
        ? fromSamples(samples, batch.labelledWords, predictions, tagOf, seen)
        : fromRows(packed, predictions, tagOf, tokenizer);
    yield { sentences, lossSum, lossWeight };
  }
  const unseen = (samples ?? []).filter((_, index) => !seen.has(index));
  if (unseen.length > 0) {
    yield { sentences: unseen.map(sample => unpredicted(sample)), lossSum: 0, lossWeight: 0 };
  }
}

function fromSamples(
  samples: readonly DataSample[],
  labelled: LabelledWords,
  predictions: Int32Array,
  tagOf: (id: number) => string,
  seen: Set<number>,
): PredictedSentence[] {
  const bySentence = new Map<number, string[]>();
  predictions.forEach((id, k) => {
    const index = labelled.sentences[k] ?? -1;
    const sample = samples[index];
    if (!sample) return;
    const tags = bySentence.get(index) ?? sample.words.map(() => UNSEEN);
    tags[labelled.words[k] ?? -1] = tagOf(id);
    bySentence.set(index, tags);
  });
  return [...bySentence].map(([index, tags]) => {
    seen.add(index);
    return { ...unpredicted(samples[index]), predictions: tags };
  });
}

function unpredicted(sample: DataSample = { words: [], labels: [] }): PredictedSentence {
  return { words: sample.words, labels: sample.labels, predictions: sample.words.map(() => UNSEEN) };
}

function fromRows(
  { inputIds, labels, boundaries }: PackedBatch,
  predictions: Int32Array,
  tagOf: (id: number) => string,
  tokenizer: BertTokenizer,
): PredictedSentence[] {
  const sentences: PredictedSentence[] = [];
  let next = 0;
  for (let row = 0; row + 1 < boundaries.length; row++) {
    const ids: number[] = [];
    const gold: string[] = [];
    const predicted: string[] = [];
    for (let piece = boundaries[row] ?? 0; piece < (boundaries[row + 1] ?? 0); piece++) {
      const label = labels?.[piece] ?? IGNORE_INDEX;
      if (label === IGNORE_INDEX) continue;
      ids.push(inputIds[piece] ?? 0);
      gold.push(tagOf(label));
      predicted.push(tagOf(predictions[next++] ?? 0));
    }
    sentences.push({ words: tokenizer.convertIdsToTokens(ids), labels: gold, predictions: predicted });
  }
  return sentences;
}
