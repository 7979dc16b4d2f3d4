import type { CardData, CardTraining } from '../checkpoint/model-card.ts';
import { DataLoader } from '../data/dataloader.ts';
import { getLabels } from '../data/labels.ts';
import type { BestEpoch } from './events.ts';
import type { BatchLoader } from './loader.ts';
import type { TrainerSettings } from './trainer-options.ts';

/** The loaders of a run. */
export interface CardLoaders {
  dataloaderTrain: BatchLoader;
  dataloaderVal?: BatchLoader | undefined;
}

/**
 * What the model card tells of a run but the scores. Sentences are counted where the loader is a DataLoader: others do
 * not tell which they hold.
 */
export function describeTraining(
  settings: TrainerSettings,
  { dataloaderTrain, dataloaderVal }: CardLoaders,
): Omit<CardTraining, 'epoch' | 'scores'> {
  return {
    source: settings.dataSource,
    data: [...dataOf('training', dataloaderTrain), ...dataOf('validation', dataloaderVal)],
    settings: settingsOf(settings, dataloaderTrain),
    nEpochs: settings.nEpochs,
  };
}

/** The scores of the epoch that was saved. */
export function describeScores(
  best: BestEpoch | undefined,
  nEpochs: number,
): Pick<CardTraining, 'epoch' | 'scores'> {
  if (best === undefined) return { epoch: nEpochs, scores: undefined };
  const { entities, words, loss } = best.evaluation;
  return { epoch: best.epoch, scores: { entities, accuracy: words.accuracy, lossVal: loss } };
}

function dataOf(part: string, loader: BatchLoader | undefined): CardData[] {
  if (!(loader instanceof DataLoader)) return [];
  const { samples } = loader.dataset;
  return [
    {
      part,
      sentences: samples.length,
      words: samples.reduce((sum, { words }) => sum + words.length, 0),
      tags: getLabels(samples).labelsCount,
    },
  ];
}

function settingsOf(settings: TrainerSettings, loader: BatchLoader): Record<string, string> {
  const { model, optimizer, scheduler, clipping, accumulateGradEvery } = settings;
  const { hiddenDropoutProb, attentionProbsDropoutProb, classifierDropout } = model.config;
  const { classWeights } = model;
  const kinds = { adam: 'Adam (weight decay in the gradient)', adamw: 'AdamW (decoupled weight decay)' };
  return {
    epochs: `${settings.nEpochs}`,
    ...(loader instanceof DataLoader && loaderSettings(loader)),
    'micro-batches of a step': `${accumulateGradEvery}`,
    optimizer: kinds[optimizer.kind],
    'learning rate': `${optimizer.learningRate}`,
    ...(scheduler.description !== undefined && { schedule: scheduler.description }),
    ...(optimizer.layerwiseDecay < 1 && {
      'learning rate of a layer, in the one above': `${optimizer.layerwiseDecay}`,
    }),
    'weight decay': `${optimizer.weightDecay}, none on biases and LayerNorm`,
    'betas, epsilon': `${optimizer.betas.join(', ')}, ${optimizer.eps}`,
    'gradient clipping': clipping === undefined ? 'none' : `norm ${clipping}`,
    loss: `cross-entropy, ${settings.lossReduction === 'token-mean' ? 'mean over the words of a step' : 'means of the micro-batches added up'}`,
    ...(classWeights && { 'class weights': weightsOf(classWeights, model.config.id2label) }),
    'dropout (hidden, attention, classifier)': [
      hiddenDropoutProb,
      attentionProbsDropoutProb,
      classifierDropout ?? hiddenDropoutProb,
    ].join(', '),
    'matrix products': model.dtype,
  };
}

function loaderSettings({ batchSize, seed, shuffle, dataset, groupByLength, longSentences }: DataLoader) {
  const { maxLenSeq, stride } = dataset;
  const beyond =
    longSentences === 'cut' ? 'longer sentences cut' : `longer sentences as windows, ${stride} pieces shared`;
  const order = shuffle ? `shuffled each epoch, seed ${seed}` : 'as given';
  return {
    'sentences of a micro-batch': `${batchSize}`,
    'longest sequence': `${maxLenSeq} pieces, ${beyond}`,
    'order of sentences': groupByLength ? `${order}, grouped by length` : order,
  };
}

function weightsOf(weights: Float32Array, id2label: Readonly<Record<number, string>>): string {
  return Array.from(weights, (weight, id) => `${id2label[id]} ${weight.toPrecision(4)}`).join(', ');
}
