import { DataLoader } from '../data/dataloader.ts';
import { EntityCounts } from '../evaluation/entity-counts.ts';
import { formatEntityReport } from '../evaluation/entity-report.ts';
import { type EntityScores, entityScoresOf } from '../evaluation/entity-scores.ts';
import { hasMistake } from '../evaluation/mistakes.ts';
import { WordCounts } from '../evaluation/word-counts.ts';
import { formatWordReport } from '../evaluation/word-report.ts';
import { type WordScores, wordScoresOf } from '../evaluation/word-scores.ts';
import type { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import type { BertTokenizer } from '../tokenization/bert-tokenizer.ts';
import type { EvaluationStepEvent, MistakeEvent } from './events.ts';
import { type BatchLoader, noLabelledWord } from './loader.ts';
import { type PredictedBatch, predictSentences } from './predict-sentences.ts';

/** Digits of the scores in reports. */
const DIGITS = 4;

/** How a model does on labelled sentences. */
export interface Evaluation {
  /** Mean loss per labelled word that the model saw; weighted where the model has class weights. */
  loss: number;
  /** Micro-averaged F1 of entities. */
  f1: number;
  entities: EntityScores;
  /** Means over tags, as scikit-learn's macro average, and the share of right words. */
  words: WordScores;
  /** seqeval's report with 4 digits. */
  reportEntities: string;
  /** scikit-learn's report with 4 digits. */
  reportTokens: string;
  /** Sentences and words scored: all of them. */
  sentences: number;
  scoredWords: number;
  /** Of the words, those that a single window a sentence would have lost; undefined where the data do not tell. */
  wordsLostToCut: number | undefined;
}

/**
 * Scores a model on the words of a loader, telling of each batch and each sentence with a mistake.
 *
 * @throws OptionError if there is no labelled word, or a batch does not fit the model
 * @throws the signal's reason if it aborts
 */
export async function* evaluationEvents(
  model: BertForTokenClassification,
  tokenizer: BertTokenizer,
  loader: BatchLoader,
  epoch: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<EvaluationStepEvent | MistakeEvent, Evaluation> {
  const counts = new EvaluationCounts();
  let batch = 0;
  for await (const predicted of predictSentences(model, loader, tokenizer)) {
    signal?.throwIfAborted();
    counts.add(predicted);
    for (const sentence of predicted.sentences) {
      if (hasMistake(sentence)) yield { type: 'mistake', epoch, ...sentence };
    }
    yield { type: 'evaluation-step', epoch, batch: ++batch, batches: loader.length };
  }
  return counts.finish(loader, epoch);
}

/** The same without the events. */
export async function evaluateModel(
  model: BertForTokenClassification,
  tokenizer: BertTokenizer,
  loader: BatchLoader,
  signal?: AbortSignal,
): Promise<Evaluation> {
  const counts = new EvaluationCounts();
  for await (const predicted of predictSentences(model, loader, tokenizer)) {
    signal?.throwIfAborted();
    counts.add(predicted);
  }
  return counts.finish(loader);
}

/** Counts predictions batch by batch, so that no logits and no sentences are kept. */
class EvaluationCounts {
  readonly #entities = new EntityCounts();
  readonly #words = new WordCounts();
  #lossSum = 0;
  #lossWeight = 0;
  #sentences = 0;
  #scoredWords = 0;

  add({ sentences, lossSum, lossWeight }: PredictedBatch): void {
    for (const { labels, predictions } of sentences) {
      this.#entities.add(labels, predictions);
      this.#words.add(labels, predictions);
      this.#sentences++;
      this.#scoredWords += labels.length;
    }
    this.#lossSum += lossSum;
    this.#lossWeight += lossWeight;
  }

  /** @throws OptionError if there was no labelled word at all */
  finish(loader: BatchLoader, epoch?: number): Evaluation {
    if (this.#scoredWords === 0) throw noLabelledWord('dataloaderVal', epoch);
    const entities = entityScoresOf(this.#entities);
    const words = wordScoresOf(this.#words);
    return {
      loss: this.#lossSum / this.#lossWeight,
      f1: entities.micro.f1,
      entities,
      words,
      reportEntities: formatEntityReport(entities, { digits: DIGITS }),
      reportTokens: formatWordReport(words, { digits: DIGITS }),
      sentences: this.#sentences,
      scoredWords: this.#scoredWords,
      wordsLostToCut: loader instanceof DataLoader ? loader.dataset.wordsLostToCut : undefined,
    };
  }
}
