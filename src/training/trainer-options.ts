import {
  checkBoolean,
  checkInteger,
  checkKnownOptions,
  checkNumber,
  checkOneOf,
  checkPositive,
  checkString,
} from '../check.ts';
import { OptionError } from '../errors.ts';
import { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import { FIGURE_THEMES, type FigureTheme } from '../report/figure-theme.ts';
import { BertTokenizer } from '../tokenization/bert-tokenizer.ts';
import { checkLabelIds } from './label-ids.ts';
import { type Metric, metrics } from './metric.ts';
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
  /**
   * When to evaluate: every that many optimizer steps or epochs, and at the end in any case. @default { epochs: 1 }
   */
  evaluateEvery?: { steps: number } | { epochs: number } | undefined;
  /**
   * What decides which evaluation is the best: F1 of entities, micro- or macro-averaged, macro-averaged F1 of words, or
   * the validation loss. @default 'f1'
   */
  metric?: Metric | undefined;
  /** Stop once that many evaluations in a row have not raised the metric by more than a minimum. @default never */
  earlyStopping?: { patience: number; minimumGain?: number | undefined } | undefined;
  /**
   * Save resume states in `outputDir`: every that many optimizer steps and at the end of each epoch, or there alone.
   * @default 'never'
   */
  saveEvery?: number | 'epoch' | 'never' | undefined;
  /** How many resume states to keep, the newest. @default 2 */
  keep?: number | undefined;
  /** Save model and tokenizer of the best evaluation (of the last epoch without validation data). @default true */
  saveBest?: boolean | undefined;
  /** Write report.json after each epoch, and classification_report.txt for the best one. @default true */
  report?: boolean | undefined;
  /** Write history.jsonl: steps, evaluations and checkpoints, a line each. @default what `report` is */
  history?: boolean | undefined;
  /** Write event files for TensorBoard into the folder `tensorboard`. @default false */
  tensorboard?: boolean | undefined;
  /** Draw error_curves and learning_rate, PNG and SVG each. @default true */
  figures?: boolean | undefined;
  /** Where the sentences come from, for the model card. @default nothing is said */
  dataSource?: string | undefined;
  /** Dark figures have `_dark` in their names. @default 'both' */
  figureTheme?: FigureTheme | 'both' | undefined;
}

type Complete<Options> = { [Name in keyof Options]-?: NonNullable<Options[Name]> };

/** The options checked, with their defaults. */
export interface TrainerSettings
  extends Complete<
    Omit<BertTrainerOptions, 'clipping' | 'maxMistakes' | 'labels2ind' | 'dataSource' | 'earlyStopping'>
  > {
  clipping: number | undefined;
  maxMistakes: number | undefined;
  earlyStopping: { patience: number; minimumGain: number } | undefined;
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
  'evaluateEvery',
  'metric',
  'earlyStopping',
  'saveEvery',
  'keep',
  'saveBest',
  'report',
  'history',
  'tensorboard',
  'figures',
  'dataSource',
  'figureTheme',
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
    evaluateEvery: checkEvaluateEvery(options.evaluateEvery ?? { epochs: 1 }),
    metric: checkOneOf('metric', options.metric ?? 'f1', metrics),
    earlyStopping: checkEarlyStopping(options.earlyStopping),
    saveEvery: checkSaveEvery('saveEvery', options.saveEvery ?? 'never'),
    keep: checkInteger('keep', options.keep ?? 2, 1),
    saveBest: checkBoolean('saveBest', options.saveBest ?? true),
    report: checkBoolean('report', options.report ?? true),
    history: checkBoolean('history', options.history ?? options.report ?? true),
    tensorboard: checkBoolean('tensorboard', options.tensorboard ?? false),
    figures: checkBoolean('figures', options.figures ?? true),
    dataSource: options.dataSource === undefined ? undefined : checkString('dataSource', options.dataSource),
    figureTheme: checkOneOf('figureTheme', options.figureTheme ?? 'both', [...FIGURE_THEMES, 'both']),
  };
}

function checkEvaluateEvery(value: unknown): { steps: number } | { epochs: number } {
  checkKnownOptions('evaluateEvery', value, ['steps', 'epochs']);
  const { steps, epochs } = value as { steps?: unknown; epochs?: unknown };
  if ((steps === undefined) === (epochs === undefined)) {
    throw new OptionError('evaluateEvery', 'either steps or epochs', JSON.stringify(value));
  }
  return steps === undefined
    ? { epochs: checkInteger('evaluateEvery.epochs', epochs, 1) }
    : { steps: checkInteger('evaluateEvery.steps', steps, 1) };
}

function checkEarlyStopping(value: BertTrainerOptions['earlyStopping']): TrainerSettings['earlyStopping'] {
  if (value === undefined) return undefined;
  checkKnownOptions('earlyStopping', value, ['patience', 'minimumGain']);
  return {
    patience: checkInteger('earlyStopping.patience', value.patience, 1),
    minimumGain: checkNumber('earlyStopping.minimumGain', value.minimumGain ?? 0, 0),
  };
}

/** @throws OptionError unless it is a number of steps, 'epoch' or 'never' */
export function checkSaveEvery(option: string, value: unknown): number | 'epoch' | 'never' {
  if (value === 'epoch' || value === 'never') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1) return value;
  throw new OptionError(option, 'a number of steps of at least 1, "epoch" or "never"', value);
}

function checkSameLabels(labels2ind: unknown, label2id: Record<string, number>): void {
  if (typeof labels2ind !== 'object' || labels2ind === null) {
    throw new OptionError('labels2ind', 'an object of label: id, such as model.config.label2id', labels2ind);
  }
  const labels = new Set([...Object.keys(label2id), ...Object.keys(labels2ind)]);
  checkLabelIds('labels2ind', labels2ind as Record<string, number>, label2id, labels);
}
