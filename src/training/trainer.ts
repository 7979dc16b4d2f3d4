import { checkInteger } from '../check.ts';
import { NerbertError, OptionError } from '../errors.ts';
import { printEvents } from './console-printer.ts';
import { type Evaluation, evaluateModel, evaluationEvents } from './evaluate.ts';
import type { BestEpoch, StepEvent, TrainerEvent, TrainResult } from './events.ts';
import { type BatchLoader, checkLoader, labelledWords, stepBatches } from './loader.ts';
import { RunFolder } from './run-folder.ts';
import { type BertTrainerOptions, resolveTrainerOptions, type TrainerSettings } from './trainer-options.ts';

export interface TrainData {
  /** Gone through once an epoch. */
  dataloaderTrain: BatchLoader;
  /** Evaluated after each epoch. */
  dataloaderVal?: BatchLoader | undefined;
}

export interface RunOptions extends TrainData {
  /** Ends the run after the current step, by throwing its reason. */
  signal?: AbortSignal | undefined;
}

export interface EvaluateOptions {
  /** For the events of a run. */
  epoch?: number | undefined;
  /** Print both reports. @default false */
  verbose?: boolean | undefined;
}

/**
 * Fine-tunes a model: epochs of optimizer steps, each followed by an evaluation; keeps the epoch with the best entity
 * F1. `run` is the loop as a stream of events, `train` reads that stream and prints.
 */
export class BertTrainer {
  readonly #settings: TrainerSettings;

  /** @throws OptionError */
  constructor(options: BertTrainerOptions) {
    this.#settings = resolveTrainerOptions(options);
  }

  /**
   * Trains, and prints what its options ask for.
   *
   * @returns losses (means per labelled word) of each epoch, and the best epoch
   * @throws what `run` throws
   */
  async train(data: RunOptions): Promise<TrainResult> {
    return printEvents(this.run(data), this.#settings);
  }

  /**
   * The same loop as a stream of typed events; nothing is printed. The loop goes on when the next event is asked for.
   *
   * @throws OptionError for batches that do not fit the model
   * @throws NerbertError `ERR_DIVERGED` if a loss is not a finite number, `ERR_IO` if the run folder cannot be written
   * @throws the signal's reason if it aborts
   */
  async *run({ dataloaderTrain, dataloaderVal, signal }: RunOptions): AsyncGenerator<TrainerEvent, void> {
    const { model, tokenizer, nEpochs, accumulateGradEvery } = this.#settings;
    const training = checkLoader('dataloaderTrain', dataloaderTrain);
    const validation = dataloaderVal && checkLoader('dataloaderVal', dataloaderVal);
    const folder = await RunFolder.open(this.#settings);
    const batches = training.length;
    yield {
      type: 'start',
      epochs: nEpochs,
      stepsPerEpoch: batches === undefined ? undefined : Math.ceil(batches / accumulateGradEvery),
    };

    const result: TrainResult = { lossTrEpochs: [], lossValEpochs: [], best: undefined };
    const f1Epochs: number[] = [];
    const learningRates: number[] = [];
    for (let epoch = 1; epoch <= nEpochs; epoch++) {
      const lossTr = yield* this.#trainEpoch(epoch, training, learningRates, signal);
      const evaluation = validation && (yield* evaluationEvents(model, tokenizer, validation, epoch, signal));
      const best = evaluation ? evaluation.f1 > (result.best?.f1 ?? -1) : epoch === nEpochs;
      result.lossTrEpochs.push(lossTr);
      if (evaluation) {
        result.lossValEpochs.push(evaluation.loss);
        f1Epochs.push(evaluation.f1);
        if (best) result.best = bestEpoch(epoch, lossTr, evaluation);
      }
      yield { type: 'evaluation', epoch, lossTr, evaluation, best };
      if (best && (await folder.keep(result.best, nEpochs))) {
        yield { type: 'checkpoint', epoch, dir: this.#settings.outputDir };
      }
    }
    await folder.draw(result, f1Epochs, learningRates);
    yield { type: 'end', result };
  }

  /**
   * Scores the model on labelled sentences: every word of a DataLoader's, also those without pieces.
   *
   * @throws OptionError if there is no labelled word, or a batch does not fit the model
   */
  async evaluate(dataloaderVal: BatchLoader, options: EvaluateOptions = {}): Promise<Evaluation> {
    const { epoch = 0, verbose = false } = options;
    const { model, tokenizer } = this.#settings;
    const validation = checkLoader('dataloaderVal', dataloaderVal);
    const evaluation = await evaluateModel(model, tokenizer, validation, checkInteger('epoch', epoch));
    if (verbose) process.stdout.write(`${evaluation.reportEntities}\n${evaluation.reportTokens}`);
    return evaluation;
  }

  async *#trainEpoch(
    epoch: number,
    loader: BatchLoader,
    learningRates: number[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<StepEvent, number> {
    const { model, optimizer, scheduler, accumulateGradEvery, clipping, lossReduction } = this.#settings;
    let stepOfEpoch = 0;
    let lossSum = 0;
    let wordSum = 0;
    for (const batches of stepBatches(loader, accumulateGradEvery)) {
      signal?.throwIfAborted();
      const learningRate = scheduler.learningRate(learningRates.length);
      const { losses, gradNorm, pieces } = await model.trainStep(batches, {
        optimizer,
        learningRate,
        clipping,
        lossReduction,
      });
      const wordsOf = batches.map(labelledWords);
      const words = wordsOf.reduce((sum, count) => sum + count, 0);
      // A share of the step's mean counts for all its words; a micro-batch's own mean for its words alone.
      const sum = losses.reduce(
        (total, loss, i) => total + loss * (lossReduction === 'token-mean' ? words : (wordsOf[i] ?? 0)),
        0,
      );
      learningRates.push(learningRate);
      stepOfEpoch++;
      lossSum += sum;
      wordSum += words;
      const step = learningRates.length;
      checkFinite(sum, epoch, step, learningRate);
      yield {
        type: 'step',
        step,
        epoch,
        stepOfEpoch,
        loss: sum / words,
        learningRate,
        gradNorm,
        words,
        pieces,
      };
    }
    if (stepOfEpoch === 0) {
      throw new OptionError(
        'dataloaderTrain',
        `at least one batch in epoch ${epoch}`,
        'none',
        'It must be iterable anew each epoch: give a DataLoader or an array, not a generator',
      );
    }
    return lossSum / wordSum;
  }
}

function bestEpoch(epoch: number, lossTr: number, evaluation: Evaluation): BestEpoch {
  return { epoch, f1: evaluation.f1, lossTr, lossVal: evaluation.loss, evaluation };
}

function checkFinite(loss: number, epoch: number, step: number, learningRate: number): void {
  if (Number.isFinite(loss)) return;
  throw new NerbertError(
    'ERR_DIVERGED',
    `Expected a finite loss but received ${loss} at step ${step} (epoch ${epoch}, learning rate ${learningRate}). ` +
      'Use a smaller learning rate, a longer warm-up, or clipping',
  );
}
