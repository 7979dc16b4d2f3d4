import { checkBatch } from '../engine/packing.ts';
import { NerbertError, OptionError } from '../errors.ts';
import { type Evaluation, evaluationEvents } from './evaluate.ts';
import type { SplitEvent, StateEvent, StepEvent, TrainerEvent } from './events.ts';
import { FittingSteps } from './fitting-steps.ts';
import { type BatchLoader, countLabels, noLabelledWord, stepBatches } from './loader.ts';
import { endEpoch, type LoopState, meanLoss, resultOf } from './loop-state.ts';
import { scoreOf } from './metric.ts';
import { batchDigest } from './resume/digest.ts';
import type { ResumeStates } from './resume/resume-states.ts';
import type { RunFolder } from './run-folder.ts';
import type { TrainerSettings } from './trainer-options.ts';

/** What a loop works on, checked. */
export interface LoopParts {
  settings: TrainerSettings;
  training: BatchLoader;
  validation: BatchLoader | undefined;
  folder: RunFolder;
  /** Undefined: no resume states are kept. */
  states: ResumeStates | undefined;
  /** Ends the loop as it stands. */
  signal: AbortSignal | undefined;
  /** Ends the loop with a resume state. */
  stopSignal: AbortSignal | undefined;
}

/** Micro-batches of a step, as they come from the loader, and the place of the first of them in the epoch. */
interface StepGroup {
  batches: Parameters<typeof checkBatch>[0][];
  first: number;
}

/**
 * Epochs of steps and evaluations from a state on. All that it remembers is in that state, and the state changes only
 * between two awaits, so that it is whole wherever the loop may be left.
 */
export class TrainingLoop {
  readonly #parts: LoopParts;
  readonly #state: LoopState;
  readonly #steps: FittingSteps;
  readonly #signal: AbortSignal | undefined;

  constructor(parts: LoopParts, state: LoopState) {
    const { signal, stopSignal } = parts;
    this.#parts = parts;
    this.#state = state;
    this.#steps = new FittingSteps(parts.settings.model);
    this.#signal = signal && stopSignal ? AbortSignal.any([stopSignal, signal]) : (signal ?? stopSignal);
  }

  async *events(): AsyncGenerator<TrainerEvent, void> {
    try {
      yield* this.#epochs();
    } catch (error) {
      const { stopSignal } = this.#parts;
      if (stopSignal?.aborted && error === stopSignal.reason) yield* this.#save();
      throw error;
    }
  }

  async *#epochs(): AsyncGenerator<TrainerEvent, void> {
    const { settings, states, training } = this.#parts;
    while (this.#state.epoch <= settings.nEpochs && !this.#state.stoppedEarly) {
      yield* this.#epoch();
      endEpoch(this.#state, training.epoch);
      yield* this.#save();
    }
    const result = resultOf(this.#state);
    await states?.finish(this.#state);
    yield { type: 'end', result };
  }

  async *#epoch(): AsyncGenerator<TrainerEvent, void> {
    const state = this.#state;
    const { settings } = this.#parts;
    for (const group of this.#groupsLeft()) {
      if (this.#evaluationIsDue(false)) {
        yield* this.#evaluate(false);
        if (state.stoppedEarly) return;
      }
      this.#signal?.throwIfAborted();
      const event = yield* this.#step(group);
      if (!event) continue; // only words without pieces or of weight 0: there is nothing to learn
      yield event;
      const { saveEvery } = settings;
      if (typeof saveEvery === 'number' && state.step % saveEvery === 0) yield* this.#save();
    }
    if (state.stepOfEpoch === 0) throw noLabelledWord('dataloaderTrain', state.epoch);
    yield* this.#evaluate(true);
  }

  /** The groups of the epoch that no step was made of. */
  *#groupsLeft(): Generator<StepGroup> {
    const { settings, training } = this.#parts;
    const { batchesOfEpoch: taken, batchDigest: digest, loaderEpoch } = this.#state;
    if (loaderEpoch !== null && training.epoch !== loaderEpoch) training.epoch = loaderEpoch;
    let first = 0;
    for (const batches of stepBatches(training, settings.accumulateGradEvery)) {
      if (first >= taken) yield { batches, first };
      first += batches.length;
      if (first === taken && batchDigest(this.#packed({ batches, first })) !== digest) throw otherBatches();
    }
    if (first < taken) throw otherBatches();
  }

  #packed({ batches, first }: StepGroup) {
    const { geometry } = this.#parts.settings.model;
    return batches.map((batch, i) => checkBatch(batch, geometry, `dataloaderTrain[${first + i}]`).packed);
  }

  /** Makes a step of a group, if there is anything to learn from it. */
  async *#step(group: StepGroup): AsyncGenerator<SplitEvent, StepEvent | undefined> {
    const state = this.#state;
    const { model, optimizer, scheduler, clipping, lossReduction } = this.#parts.settings;
    const batches = this.#packed(group);
    const counts = batches.map(batch => countLabels(batch, model.classWeights));
    const weight = sum(counts.map(count => count.weight));
    if (weight === 0) return undefined;
    const learningRate = scheduler.learningRate(state.step);
    const options = { optimizer, learningRate, clipping, lossReduction };
    const { losses, gradNorm, pieces } = yield* this.#steps.take(batches, options, state.step + 1);
    // A share of the step's mean stands for the whole step; a micro-batch's own mean for that micro-batch.
    const lossSum = sum(
      losses.map((loss, i) => loss * (lossReduction === 'token-mean' ? weight : (counts[i]?.weight ?? 0))),
    );
    state.step++;
    state.stepOfEpoch++;
    state.batchesOfEpoch = group.first + batches.length;
    state.batchDigest = batchDigest(batches);
    state.lossOfEpoch += lossSum;
    state.weightOfEpoch += weight;
    const { step, epoch, stepOfEpoch } = state;
    checkFinite(lossSum, epoch, step, learningRate);
    return {
      type: 'step',
      step,
      epoch,
      stepOfEpoch,
      loss: lossSum / weight,
      learningRate,
      gradNorm,
      words: sum(counts.map(count => count.words)),
      pieces,
    };
  }

  /** Whether the model as it stands is to be evaluated and was not yet. */
  #evaluationIsDue(endOfEpoch: boolean): boolean {
    const { step, epoch, evaluations } = this.#state;
    const { validation, settings } = this.#parts;
    if (!validation || step === 0 || evaluations.at(-1)?.step === step) return false;
    if (endOfEpoch && epoch === settings.nEpochs) return true;
    const { evaluateEvery } = settings;
    return 'steps' in evaluateEvery
      ? step % evaluateEvery.steps === 0
      : endOfEpoch && epoch % evaluateEvery.epochs === 0;
  }

  /** Evaluates where that is due, and keeps the model if it is the best so far. */
  async *#evaluate(endOfEpoch: boolean): AsyncGenerator<TrainerEvent, void> {
    const state = this.#state;
    const { settings, validation, folder } = this.#parts;
    const { step, epoch } = state;
    const evaluation =
      validation && this.#evaluationIsDue(endOfEpoch)
        ? yield* evaluationEvents(settings.model, settings.tokenizer, validation, epoch, this.#signal)
        : undefined;
    // Without validation data the last epoch is the best.
    const best = evaluation ? this.#record(evaluation) : !validation && epoch === settings.nEpochs;
    yield { type: 'evaluation', step, epoch, endOfEpoch, lossTr: meanLoss(state), evaluation, best };
    if (best && (await folder.keep(state.best ?? undefined))) {
      yield { type: 'checkpoint', epoch, dir: settings.outputDir };
    }
  }

  /** Enters an evaluation into the state. @returns whether it is the best so far */
  #record(evaluation: Evaluation): boolean {
    const state = this.#state;
    const { metric, earlyStopping } = this.#parts.settings;
    const { step, epoch, gain } = state;
    const score = scoreOf(metric, evaluation);
    const best = isHigher(score, state.best?.score);
    state.evaluations.push({ step, lossVal: evaluation.loss, f1: evaluation.f1 });
    if (best) {
      const { f1, loss: lossVal } = evaluation;
      state.best = { epoch, step, score, f1, lossTr: meanLoss(state), lossVal, evaluation };
    }
    if (earlyStopping) {
      if (isHigher(score, gain.score ?? undefined, earlyStopping.minimumGain)) {
        state.gain = { score, evaluationsSince: 0 };
      } else if (++gain.evaluationsSince >= earlyStopping.patience) {
        state.stoppedEarly = { epoch, step };
      }
    }
    return best;
  }

  async *#save(): AsyncGenerator<StateEvent, void> {
    const { states } = this.#parts;
    if (!states) return;
    const dir = await states.save(this.#state);
    yield { type: 'state', step: this.#state.step, dir };
  }
}

/** Anything is higher than nothing, and than what is no number. */
function isHigher(score: number, other: number | undefined, by = 0): boolean {
  return other === undefined || Number.isNaN(other) || score > other + by;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function otherBatches(): OptionError {
  return new OptionError(
    'dataloaderTrain',
    'the batches of the run that is resumed',
    'others',
    'Resume with the same data; a loader that shuffles must determine its order by a writable `epoch`, as DataLoader',
  );
}

function checkFinite(loss: number, epoch: number, step: number, learningRate: number): void {
  if (Number.isFinite(loss)) return;
  throw new NerbertError(
    'ERR_DIVERGED',
    `Expected a finite loss but received ${loss} at step ${step} (epoch ${epoch}, learning rate ${learningRate}). ` +
      'Use a smaller learning rate, a longer warm-up, or clipping',
  );
}
