import { checkBoolean, checkInteger, checkKnownOptions } from '../check.ts';
import { OptionError } from '../errors.ts';
import { scoreTables } from '../report/classification-report.ts';
import { printEvents } from './console-printer.ts';
import { type Evaluation, evaluateModel } from './evaluate.ts';
import type { TrainerEvent, TrainResult } from './events.ts';
import { type BatchLoader, checkLoader } from './loader.ts';
import { initialState } from './loop-state.ts';
import { recorded } from './outputs/recorded.ts';
import { fingerprintOf } from './resume/fingerprint.ts';
import { ResumeStates } from './resume/resume-states.ts';
import { RunFolder } from './run-folder.ts';
import { type BertTrainerOptions, resolveTrainerOptions, type TrainerSettings } from './trainer-options.ts';
import { TrainingLoop } from './training-loop.ts';

export interface TrainData {
  /** Gone through once an epoch. */
  dataloaderTrain: BatchLoader;
  /** Evaluated as `evaluateEvery` says: after each epoch unless told otherwise. */
  dataloaderVal?: BatchLoader | undefined;
}

export interface RunOptions extends TrainData {
  /** Ends the run after the current step, by throwing its reason. The last resume state stays. */
  signal?: AbortSignal | undefined;
  /** The same, having saved a resume state where the trainer saves any. */
  stopSignal?: AbortSignal | undefined;
  /**
   * Go on with the run in `outputDir` from its newest resume state. On the CPU, with as many threads, losses and weights
   * are those of the uninterrupted run, bit for bit. Options and data must be the same. @default false
   */
  resume?: boolean | undefined;
}

export interface EvaluateOptions {
  /** Named above the reports that `verbose` prints. */
  epoch?: number | undefined;
  /** Print both reports on standard output. @default false */
  verbose?: boolean | undefined;
}

/**
 * Fine-tunes a model: epochs of optimizer steps, each followed by an evaluation; keeps the model of the best. `run` is the loop as a stream of events, `train` reads that stream and prints.
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
   * The same loop as a stream of typed events; nothing is printed. The loop goes on when the next event is asked for, so
   * who does not ask pauses it; leaving it, or aborting, saves nothing but leaves the last resume state.
   *
   * @throws OptionError for batches that do not fit the model, for a generator where there are several epochs, for an
   *   epoch without a labelled word, and for a run to resume that is not there or had other options
   * @throws CheckpointError for a damaged resume state
   * @throws NerbertError `ERR_DIVERGED` if a loss is not a finite number, `ERR_IO` if the run folder cannot be written or
   *   has too little space
   * @throws the signal's reason if one aborts
   */
  run(data: RunOptions): AsyncGenerator<TrainerEvent, void> {
    return recorded(this.#loop(data), this.#settings);
  }

  async *#loop(data: RunOptions): AsyncGenerator<TrainerEvent, void> {
    checkKnownOptions('train', data, ['dataloaderTrain', 'dataloaderVal', 'signal', 'stopSignal', 'resume']);
    const { dataloaderTrain, dataloaderVal, signal, stopSignal, resume = false } = data;
    checkBoolean('resume', resume);
    const settings = this.#settings;
    const { nEpochs, accumulateGradEvery, earlyStopping } = settings;
    const { label2id } = settings.model.config;
    const training = checkLoader('dataloaderTrain', dataloaderTrain, label2id, nEpochs);
    const validation =
      dataloaderVal === undefined
        ? undefined
        : checkLoader('dataloaderVal', dataloaderVal, label2id, nEpochs);
    if (earlyStopping && !validation) {
      throw new OptionError('dataloaderVal', 'validation data, for earlyStopping,', dataloaderVal);
    }
    const saves = settings.saveEvery !== 'never';
    if (resume && !saves)
      throw new OptionError('saveEvery', "'epoch' or a number of steps, to resume,", 'never');
    const fingerprint = saves ? fingerprintOf(settings, training, validation) : {};
    const resumed = resume ? await ResumeStates.resume(settings, fingerprint) : undefined;
    const folder = await RunFolder.open(settings, { dataloaderTrain: training, dataloaderVal: validation });
    const states = resumed?.states ?? (saves ? await ResumeStates.begin(settings, fingerprint) : undefined);
    const batches = training.length;
    yield {
      type: 'start',
      epochs: nEpochs,
      stepsPerEpoch: batches === undefined ? undefined : Math.ceil(batches / accumulateGradEvery),
      ...(resumed && { resumed: resumed.from }),
    };
    const parts = { settings, training, validation, folder, states, signal, stopSignal };
    yield* new TrainingLoop(parts, resumed?.loop ?? initialState(training.epoch)).events();
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
}
