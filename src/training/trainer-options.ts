import {
  checkBoolean,
  checkInteger,
  checkKnownOptions,
  checkOneOf,
  checkPositive,
  checkString,
} from '../check.ts';
import { OptionError } from '../errors.ts';
import { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import { BertTokenizer } from '../tokenization/bert-tokenizer.ts';
import { checkLabelIds } from './label-ids.ts';
import { Optimizer } from './optimizer.ts';
import type { Scheduler } from './schedules.ts';

export interface BertTrainerOptions {
  model: BertForTokenClassification;
  tokenizer: BertTokenizer;
  optimizer: Optimizer;
  nEpochs: number;
  /** Must equal the model's `config.label2id`. */
  labels2ind: Record<string, number>;
  /** The learning rate of step 0, 1, …. @default the optimizer's rate throughout */
  scheduler?: Scheduler | undefined;
  /** Maximum norm of all gradients together. @default no clipping */
  clipping?: number | undefined;
  /** Micro-batches of one optimizer step. @default 1 */
  accumulateGradEvery?: number | undefined;
  /** See `trainStep`. @default 'token-mean' */
  lossReduction?: 'token-mean' | 'batch-mean' | undefined;
  /** Where there is no terminal: a line every that many optimizer steps. @default 10 */
  printEvery?: number | undefined;
  /** Progress bar or lines, and a line an epoch. @default true */
  progress?: boolean | undefined;
  /** After each epoch, print the validation sentences with at least one mistake. @default false */
  printValMistakes?: boolean | undefined;
  /** How many of these sentences an epoch, at most. @default all */
  maxMistakes?: number | undefined;
  /** The run folder, made where it is missing. @default './' */
  outputDir?: string | undefined;
  /** Save model and tokenizer of the best epoch by entity F1 (of the last one without validation data). @default true */
  saveBest?: boolean | undefined;
  /** Write classification_report.txt for the best epoch. @default true */
  report?: boolean | undefined;
  /** Draw error_curves and learning_rate, PNG and SVG each. @default true */
  figures?: boolean | undefined;
  /** Where the sentences come from, for the model card. @default nothing is said */
  dataSource?: string | undefined;
}

type Complete<Options> = { [Name in keyof Options]-?: NonNullable<Options[Name]> };

/** The options checked, with their defaults. */
export interface TrainerSettings
  extends Complete<Omit<BertTrainerOptions, 'clipping' | 'maxMistakes' | 'labels2ind' | 'dataSource'>> {
  clipping: number | undefined;
  maxMistakes: number | undefined;
  dataSource: string | undefined;
}

const known = [
  'model',
  'tokenizer',
  'optimizer',
  'nEpochs',
  'labels2ind',
  'scheduler',
  'clipping',
  'accumulateGradEvery',
  'lossReduction',
  'printEvery',
  'progress',
  'printValMistakes',
  'maxMistakes',
  'outputDir',
  'saveBest',
  'report',
  'figures',
  'dataSource',
];

/** @throws OptionError */
export function resolveTrainerOptions(options: BertTrainerOptions): TrainerSettings {
  checkKnownOptions('BertTrainer', options, known);
  const { model, tokenizer, optimizer, scheduler, clipping, maxMistakes } = options;
  if (!(model instanceof BertForTokenClassification)) {
    throw new OptionError('model', 'a BertForTokenClassification', model);
  }
  if (!(tokenizer instanceof BertTokenizer)) throw new OptionError('tokenizer', 'a BertTokenizer', tokenizer);
  if (!(optimizer instanceof Optimizer) || optimizer.model !== model) {
    throw new OptionError(
      'optimizer',
      'an optimizer that getOptimizerWithWeightDecay made for this model',
      optimizer,
    );
  }
  if (scheduler !== undefined && typeof scheduler?.learningRate !== 'function') {
    throw new OptionError('scheduler', 'a schedule with a method learningRate(step)', scheduler);
  }
  checkSameLabels(options.labels2ind, model.config.label2id);
  return {
    model,
    tokenizer,
    optimizer,
    nEpochs: checkInteger('nEpochs', options.nEpochs, 1),
    scheduler: scheduler ?? { learningRate: () => optimizer.learningRate },
    clipping: clipping === undefined ? undefined : checkPositive('clipping', clipping),
    accumulateGradEvery: checkInteger('accumulateGradEvery', options.accumulateGradEvery ?? 1, 1),
    lossReduction: checkOneOf('lossReduction', options.lossReduction ?? 'token-mean', [
      'token-mean',
      'batch-mean',
    ]),
    printEvery: checkInteger('printEvery', options.printEvery ?? 10, 1),
    progress: checkBoolean('progress', options.progress ?? true),
    printValMistakes: checkBoolean('printValMistakes', options.printValMistakes ?? false),
    maxMistakes: maxMistakes === undefined ? undefined : checkInteger('maxMistakes', maxMistakes),
    outputDir: checkString('outputDir', options.outputDir ?? './'),
    saveBest: checkBoolean('saveBest', options.saveBest ?? true),
    report: checkBoolean('report', options.report ?? true),
    figures: checkBoolean('figures', options.figures ?? true),
    dataSource: options.dataSource === undefined ? undefined : checkString('dataSource', options.dataSource),
  };
}

function checkSameLabels(labels2ind: unknown, label2id: Record<string, number>): void {
  if (typeof labels2ind !== 'object' || labels2ind === null) {
    throw new OptionError('labels2ind', 'an object of label: id, such as model.config.label2id', labels2ind);
  }
  const labels = new Set([...Object.keys(label2id), ...Object.keys(labels2ind)]);
  checkLabelIds('labels2ind', labels2ind as Record<string, number>, label2id, labels);
}
