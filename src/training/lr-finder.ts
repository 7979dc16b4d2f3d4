import { checkKnownOptions, checkPositive } from '../check.ts';
import { OptionError } from '../errors.ts';
import { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import { BertForTokenClassificationCustom } from '../model/bert-for-token-classification-custom.ts';
import { ModelSnapshot } from '../model/snapshot.ts';
import type { FigureTheme } from '../report/figure-theme.ts';
import { rangeTestCurves } from '../report/range-test-curves.ts';
import { writeFigure } from '../report/write-figure.ts';
import {
  type LRHistory,
  type SuggestionOptions,
  shownIterations,
  suggestLearningRate,
} from './lr-suggestion.ts';
import { Optimizer } from './optimizer.ts';
import {
  checkRangeTest,
  type RangeTestEnd,
  type RangeTestOptions,
  rangeTestIterations,
} from './range-test.ts';
import { hasSchedule } from './schedules.ts';

export interface LRFinderOptions {
  /** Maximum norm of all gradients together, as training will use. @default no clipping */
  clipping?: number | undefined;
}

export interface PlotOptions extends SuggestionOptions {
  /** A rate to mark; null: none. @default that of `suggestion` with the same options */
  showLr?: number | null | undefined;
  /** @default 'light' */
  theme?: FigureTheme | undefined;
}

/**
 * The learning-rate range test: trains with a rate that rises from iteration to iteration, and keeps the loss of each.
 * Histories and the suggestion `steepest` are those of pytorch-lr-finder.
 *
 * The model and the optimizer are kept as they are when the finder is made, in a copy on their device of three times
 * the parameters' size; `reset` brings them back.
 */
export class LRFinder {
  readonly model: BertForTokenClassification;
  readonly optimizer: Optimizer;
  /** Rates and smoothed losses of the last range test; a loss that is not a finite number is left out. */
  history: LRHistory = { lr: [], loss: [] };
  /** How the last range test ended; undefined before the first, and where it failed. */
  ended: RangeTestEnd | undefined;

  readonly #clipping: number | undefined;
  readonly #start: ModelSnapshot;
  /** The call before: calls run one after another. */
  #last: Promise<void> = Promise.resolve();

  /**
   * @throws OptionError for an optimizer of another model, or one that a schedule was made for
   */
  constructor(
    model: BertForTokenClassification | BertForTokenClassificationCustom,
    optimizer: Optimizer,
    options: LRFinderOptions = {},
  ) {
    checkKnownOptions('LRFinder', options, ['clipping']);
    const plain = model instanceof BertForTokenClassificationCustom ? model.model : model;
    if (!(plain instanceof BertForTokenClassification)) {
      throw new OptionError('model', 'a BertForTokenClassification', model);
    }
    if (!(optimizer instanceof Optimizer) || optimizer.model !== plain) {
      throw new OptionError(
        'optimizer',
        'an optimizer that getOptimizerWithWeightDecay made for this model',
        optimizer,
      );
    }
    checkUnscheduled(optimizer);
    const { clipping } = options;
    this.model = plain;
    this.optimizer = optimizer;
    this.#clipping = clipping === undefined ? undefined : checkPositive('clipping', clipping);
    this.#start = new ModelSnapshot(plain, optimizer.handle);
  }

  /**
   * Runs the test into a new `history`. The model stays as the last iteration left it, until `reset`; so it does after
   * an error or an abort. A loss that is not a finite number ends the test, as divergence does: see `ended`.
   *
   * @throws OptionError for options that cannot be used, and batches that do not fit the model or do not last
   * @throws the signal's reason if it aborts
   */
  rangeTest(options: RangeTestOptions): Promise<void> {
    return this.#after(async () => {
      checkUnscheduled(this.optimizer);
      const test = checkRangeTest(options, this.model, this.optimizer);
      await this.#start.ready;
      const history: LRHistory = { lr: [], loss: [] };
      this.history = history;
      this.ended = undefined;
      const iterations = rangeTestIterations(this.model, this.optimizer, this.#clipping, test);
      while (true) {
        const { done, value } = await iterations.next();
        if (done) {
          this.ended = value;
          return;
        }
        history.lr.push(value.learningRate);
        history.loss.push(value.loss);
      }
    });
  }

  /**
   * A rate read off `history`: an order of magnitude. It depends on the order of the data and on dropout, so look at
   * several seeds; a short test bears more than a long training does.
   *
   * @throws OptionError if fewer than two iterations are left between those skipped
   */
  suggestion(options: SuggestionOptions = {}): number {
    return suggestLearningRate(this.history, options);
  }

  /**
   * Draws the smoothed loss against the rate, with the suggestion marked.
   *
   * @param path of the figure, with or without `.png` or `.svg`: both are written
   * @throws OptionError as `suggestion` does; NerbertError `ERR_FIGURE` if the files cannot be written
   */
  async plot(path: string, options: PlotOptions = {}): Promise<void> {
    checkKnownOptions('plot', options, ['method', 'skipStart', 'skipEnd', 'showLr', 'theme']);
    const { showLr, theme, ...suggestion } = options;
    const { lr, loss } = this.history;
    const { start, end } = shownIterations(this.history, suggestion);
    const marked = showLr === undefined ? this.suggestion(suggestion) : showLr;
    const figure = rangeTestCurves({
      curves: [{ name: 'loss', lr: lr.slice(start, end), loss: loss.slice(start, end) }],
      notes: this.ended === undefined || this.ended === 'done' ? [] : [ENDS[this.ended]],
      ...(marked !== null && { marked: { rate: marked, label: options.method ?? 'steepest' } }),
    });
    await writeFigure(figure, path.replace(/\.(png|svg)$/i, ''), { ...(theme && { theme }) });
  }

  /**
   * Makes model, optimizer and the random numbers to come as they were when the finder was made, bit for bit; behind a
   * test that still runs. May be called again and again.
   *
   * @throws DisposedError if the model, the optimizer or the finder was disposed
   */
  reset(): Promise<void> {
    return this.#after(() => this.#start.restore());
  }

  /** Frees the copy of the model. Idempotent; disposing the model frees it too. */
  dispose(): Promise<void> {
    return this.#after(() => this.#start.drop());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  #after(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }
}

const ENDS = {
  diverged: 'ended early: the loss diverged',
  'not-finite': 'ended early: the loss was not a finite number',
} as const;

function checkUnscheduled(optimizer: Optimizer): void {
  if (!hasSchedule(optimizer)) return;
  throw new OptionError(
    'optimizer',
    'an optimizer without a schedule',
    'one that a schedule was made for',
    'Run the finder first, or on an optimizer of its own',
  );
}
