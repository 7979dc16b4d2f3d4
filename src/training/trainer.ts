import { checkBoolean, checkInteger, checkKnownOptions } from '../check.ts';
import { checkBatch } from '../engine/packing.ts';
import { NerbertError } from '../errors.ts';
import { scoreTables } from '../report/classification-report.ts';
import { printEvents } from './console-printer.ts';
import { type Evaluation, evaluateModel, evaluationEvents } from './evaluate.ts';
import type { BestEpoch, StepEvent, TrainerEvent, TrainResult } from './events.ts';
import { type BatchLoader, checkLoader, countLabels, noLabelledWord, stepBatches } from './loader.ts';
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
  /** Named above the reports that `verbose` prints. */
  epoch?: number | undefined;
  /** Print both reports on standard output. @default false */
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
   * @throws OptionError for batches that do not fit the model, for a generator where there are several epochs, and for
   *   an epoch without a labelled word
   * @throws NerbertError `ERR_DIVERGED` if a loss is not a finite number, `ERR_IO` if the run folder cannot be written
   * @throws the signal's reason if it aborts
   */
  async *run(data: RunOptions): AsyncGenerator<TrainerEvent, void> {
    checkKnownOptions('train', data, ['dataloaderTrain', 'dataloaderVal', 'signal']);
    const { dataloaderTrain, dataloaderVal, signal } = data;
    const { model, tokenizer, nEpochs, accumulateGradEvery } = this.#settings;
    const { label2id } = model.config;
    const training = checkLoader('dataloaderTrain', dataloaderTrain, label2id, nEpochs);
    const validation =
      dataloaderVal === undefined
        ? undefined
        : checkLoader('dataloaderVal', dataloaderVal, label2id, nEpochs);
    const folder = await RunFolder.open(this.#settings, data);
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
    checkKnownOptions('evaluate', options, ['epoch', 'verbose']);
    const { epoch, verbose = false } = options;
    if (epoch !== undefined) checkInteger('epoch', epoch);
    checkBoolean('verbose', verbose);
    const { model, tokenizer } = this.#settings;
    const evaluation = await evaluateModel(
      model,
      tokenizer,
      checkLoader('dataloaderVal', dataloaderVal, model.config.label2id),
    );
    if (verbose) {
      const heading = epoch === undefined ? '' : `Epoch ${epoch}\n\n`;
      process.stdout.write(`${heading}${scoreTables(evaluation)}`);
    }
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
    let batchOfEpoch = 0;
    let lossOfEpoch = 0;
    let weightOfEpoch = 0;
    for (const group of stepBatches(loader, accumulateGradEvery)) {
      signal?.throwIfAborted();
      const batches = group.map(
        batch => checkBatch(batch, model.geometry, `dataloaderTrain[${batchOfEpoch++}]`).packed,
      );
      const counts = batches.map(batch => countLabels(batch, model.classWeights));
      const words = sum(counts.map(count => count.words));
      if (words === 0) continue; // only words without pieces: there is nothing to learn
      const learningRate = scheduler.learningRate(learningRates.length);
      const { losses, gradNorm, pieces } = await model.trainStep(batches, {
        optimizer,
        learningRate,
        clipping,
        lossReduction,
      });
      learningRates.push(learningRate);
      stepOfEpoch++;
      const step = learningRates.length;
      const weight = sum(counts.map(count => count.weight));
      // A share of the step's mean stands for the whole step; a micro-batch's own mean for that micro-batch.
      const lossSum = sum(
        losses.map((loss, i) => loss * (lossReduction === 'token-mean' ? weight : (counts[i]?.weight ?? 0))),
      );
      checkFinite(lossSum, epoch, step, learningRate);
      lossOfEpoch += lossSum;
      weightOfEpoch += weight;
      yield {
        type: 'step',
        step,
        epoch,
        stepOfEpoch,
        loss: lossSum / weight,
        learningRate,
        gradNorm,
        words,
        pieces,
      };
    }
    if (stepOfEpoch === 0) throw noLabelledWord('dataloaderTrain', epoch);
    return lossOfEpoch / weightOfEpoch;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
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
