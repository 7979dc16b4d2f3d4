import { join } from 'node:path';
import { IGNORE_INDEX, type PackedBatch } from '../batch.ts';
import { checkKnownOptions, checkNumber, checkOneOf, checkPositive, checkString } from '../check.ts';
import {
  type BertConfig,
  configFromOption,
  type LoadedConfig,
  readConfig,
  withLabels,
} from '../checkpoint/config.ts';
import { configToJson } from '../checkpoint/config-json.ts';
import { type LabelList, resolveLabels } from '../checkpoint/labels.ts';
import type { CardTraining } from '../checkpoint/model-card.ts';
import { writeModelCard } from '../checkpoint/write-model-card.ts';
import type { LabelPredictions, Parameter } from '../engine/addon.ts';
import { type AnyBatch, checkBatch, toPadded } from '../engine/packing.ts';
import { EngineSession, type ModelEngineOptions, type OptimizerHandle } from '../engine/session.ts';
import { OptionError } from '../errors.ts';
import { makeFolder, writeFileAtomically } from '../files.ts';
import { checkpointFolder } from '../hub/checkpoint-folder.ts';
import { hubOptions } from '../hub/settings.ts';
import { type BaseModel, baseModel, cardFacts } from './card.ts';
import { dropoutRates, engineOptions, geometryOf } from './engine-options.ts';
import {
  checkModelOptions,
  checkPretrainedOptions,
  type DropoutOptions,
  type EngineChoice,
  type ModelOptions,
  type PretrainedOptions,
  resolveEngineChoice,
  withDropout,
} from './model-options.ts';
import { type LoadedWeights, loadWeights, saveWeights } from './weights.ts';

/** Logits at every attended position, in the form of the batch. */
export interface ModelOutput {
  logits: Float32Array;
  /** `[rows, length, labels]` for a padded batch, 0 at padding; `[pieces, labels]` for a packed one. */
  shape: number[];
  /** Mean (weighted) cross-entropy over the labelled pieces; absent without any. */
  loss?: number;
}

export interface TrainStepOptions {
  optimizer: { readonly learningRate: number; readonly handle: OptimizerHandle };
  /** The rate of this step, at least 0. @default the optimizer's */
  learningRate?: number | undefined;
  /** Maximum norm of all gradients together. @default no clipping */
  clipping?: number | undefined;
  /**
   * `token-mean`: the step's objective is the mean over all its labelled pieces (weighted, with class weights), so
   * micro-batches add up to the large batch exactly. `batch-mean`: the sum of the micro-batches' own means.
   * `mean-of-batch-means`: their mean.
   * @default 'token-mean'
   */
  lossReduction?: 'token-mean' | 'batch-mean' | 'mean-of-batch-means' | undefined;
}

export interface TrainStepResult {
  /** The objective: the sum of `losses`. */
  loss: number;
  /** Each micro-batch's share of the objective. */
  losses: number[];
  /** L2 norm over all gradients before clipping. */
  gradNorm: number;
  /** Positions that are not padding. */
  pieces: number;
}

/**
 * BERT with a linear classifier over its pieces, as transformers' class of that name, computed by the native engine.
 * Computations run in the order of the calls. Free it with `dispose()`, or `await using`.
 */
export class BertForTokenClassification {
  /** config.json in camelCase, with `id2label` and `label2id`. */
  readonly config: BertConfig;
  /** Where the model computes: `cpu`, `cuda` or `cuda:N`. */
  readonly device: string;
  readonly dtype: 'float32' | 'bfloat16';
  /** Weight of each label in the loss, by label id; undefined: all 1. */
  readonly classWeights: Float32Array | undefined;
  /** What was loaded, newly initialised and ignored, for a person to read; empty for a model from scratch. */
  readonly loadingReport: string;
  /** Names of the parameters that no checkpoint filled: none, those of the classifier, or all from scratch. */
  readonly newlyInitialised: readonly string[];
  /** The engine below; for optimizers and tests. @internal */
  readonly session: EngineSession;

  readonly #configJson: LoadedConfig['json'];
  readonly #numLabels: number;
  readonly #base: BaseModel;
  readonly #choice: EngineChoice;
  #steps = 0;

  private constructor(
    session: EngineSession,
    loaded: LoadedConfig,
    choice: EngineChoice,
    { report, newlyInitialised }: LoadedWeights,
    base: BaseModel,
  ) {
    this.session = session;
    this.config = loaded.config;
    this.#configJson = loaded.json;
    this.#numLabels = Object.keys(loaded.config.id2label).length;
    this.#choice = choice;
    this.device = choice.device;
    this.dtype = choice.dtype;
    this.classWeights = choice.classWeights;
    this.#base = base;
    this.loadingReport = report;
    this.newlyInitialised = newlyInitialised;
  }

  /**
   * Loads a checkpoint in the Hugging Face layout. A classifier that it lacks is newly initialised; so is one for
   * other labels, if the labels were given.
   *
   * @param nameOrPath a local folder, or a model of the Hugging Face hub
   * @throws OptionError, CheckpointError, NativeError, and NerbertError (`ERR_NETWORK`, `ERR_IO`) from a download
   */
  static async fromPretrained(
    nameOrPath: string,
    options: PretrainedOptions = {},
  ): Promise<BertForTokenClassification> {
    checkPretrainedOptions(options);
    const folder = await checkpointFolder(
      checkString('nameOrPath', nameOrPath),
      'model',
      hubOptions(options),
    );
    const stored = await readConfig(folder);
    const { loaded, choice } = configure(stored, options);
    const session = await EngineSession.open(engineOptions(loaded.config, choice));
    try {
      const labelsGiven = options.numLabels !== undefined || options.id2label !== undefined;
      const weights = await loadWeights(session, folder, loaded.config, labelsGiven);
      return new BertForTokenClassification(session, loaded, choice, weights, baseModel(nameOrPath, folder));
    } catch (error) {
      await session.dispose();
      throw error;
    }
  }

  /**
   * A model from scratch: weights normal with `initializerRange` as standard deviation, biases 0, LayerNorm weights 1,
   * the embedding of padding 0, as transformers initialises.
   *
   * @param config with the keys of config.json, or in camelCase
   * @throws OptionError, NativeError
   */
  static async fromConfig(
    config: Partial<BertConfig> | Record<string, unknown>,
    options: ModelOptions = {},
  ): Promise<BertForTokenClassification> {
    checkModelOptions('fromConfig', options);
    const { loaded, choice } = configure(configFromOption(config), options);
    const session = await EngineSession.open(engineOptions(loaded.config, choice));
    try {
      const names = session.parameters().map(parameter => parameter.name);
      await session.initialise(names, loaded.config.initializerRange);
      return new BertForTokenClassification(
        session,
        loaded,
        choice,
        { report: '', newlyInitialised: names },
        undefined,
      );
    } catch (error) {
      await session.dispose();
      throw error;
    }
  }

  /** Whether a training step was begun since the model was loaded. */
  get trained(): boolean {
    return this.#steps > 0;
  }

  /** Names, as in checkpoints, and shapes of the parameters. */
  parameters(): Parameter[] {
    return this.session.parameters();
  }

  /**
   * Logits in evaluation mode, without gradients.
   *
   * @throws OptionError for a batch that does not fit the model
   */
  async forward(batch: AnyBatch): Promise<ModelOutput> {
    const { packed, paddedShape } = checkBatch(batch, this.geometry, 'batch');
    const { logits, lossSum, lossWeight } = await this.session.forward(packed);
    const labels = this.#numLabels;
    return {
      logits: paddedShape ? toPadded(logits, labels, packed, paddedShape) : logits,
      shape: [...(paddedShape ?? [packed.inputIds.length]), labels],
      ...(lossWeight > 0 && { loss: lossSum / lossWeight }),
    };
  }

  /**
   * Predicts the labelled pieces of a batch and scores them, in evaluation mode.
   *
   * @throws OptionError for a batch that does not fit the model
   */
  async predictLabelled(batch: AnyBatch): Promise<LabelPredictions> {
    return this.predictPacked(checkBatch(batch, this.geometry, 'batch').packed);
  }

  /** The same for a batch that was checked. @internal */
  predictPacked(packed: PackedBatch): Promise<LabelPredictions> {
    return this.session.predictLabelled(packed);
  }

  /**
   * One optimizer step over one or several micro-batches: gradients from zero, forward, backward, clipping, update. A CPU
   * computes small micro-batches together and long ones in parts, as is fastest; the gradients are the same.
   *
   * @throws OptionError for a batch or an option that cannot be used; the model is then unchanged
   */
  async trainStep(batches: AnyBatch | AnyBatch[], options: TrainStepOptions): Promise<TrainStepResult> {
    const list = isBatchList(batches) ? batches : [batches];
    const packed = list.map((batch, i) => checkBatch(batch, this.geometry, `batches[${i}]`).packed);
    return this.trainPacked(packed, options);
  }

  /**
   * The same for batches that were checked.
   *
   * @param separate whether each micro-batch is computed by itself, where memory is short
   * @internal
   */
  async trainPacked(
    packed: readonly PackedBatch[],
    options: TrainStepOptions,
    separate = false,
  ): Promise<TrainStepResult> {
    checkKnownOptions('trainStep', options, ['optimizer', 'learningRate', 'clipping', 'lossReduction']);
    const { optimizer, clipping, lossReduction = 'token-mean' } = options;
    if (!optimizer?.handle) {
      throw new OptionError('optimizer', 'an optimizer made by getOptimizerWithWeightDecay', optimizer);
    }
    if (!this.session.hasOptimizer(optimizer.handle)) {
      const remedy = 'It was made for another model, or disposed: make one for this model';
      throw new OptionError('optimizer', 'an optimizer of this model', optimizer, remedy);
    }
    const learningRate = checkNumber('learningRate', options.learningRate ?? optimizer.learningRate, 0);
    checkOneOf('lossReduction', lossReduction, ['token-mean', 'batch-mean', 'mean-of-batch-means']);
    if (clipping !== undefined) checkPositive('clipping', clipping);
    if (packed.length === 0) throw new OptionError('batches', 'at least one batch', packed);
    if (!packed.some(({ labels }) => labels?.some(label => this.#counts(label)))) {
      throw new OptionError('batches', 'a label that counts (not -100, of weight above 0)', 'none');
    }

    const job = this.session.trainStep({
      batches: [...packed],
      optimizer: optimizer.handle.id,
      learningRate,
      ...(clipping !== undefined && { clipping }),
      tokenMean: lossReduction === 'token-mean',
      lossScale: lossReduction === 'mean-of-batch-means' ? 1 / packed.length : 1,
      separate,
      step: this.#steps++,
    });
    job.catch(() => {}); // a failed optimizer tells first, and better
    await optimizer.handle.ready;
    const { losses, gradNorm } = await job;
    return {
      loss: losses.reduce((sum, loss) => sum + loss, 0),
      losses,
      gradNorm,
      pieces: packed.reduce((sum, batch) => sum + batch.inputIds.length, 0),
    };
  }

  /** Changes the dropout of the training steps that follow, and the config with it. @throws OptionError */
  async setDropout(options: DropoutOptions): Promise<void> {
    checkKnownOptions('setDropout', options, [
      'hiddenDropoutProb',
      'attentionProbsDropoutProb',
      'classifierDropout',
    ]);
    const config = withDropout(this.config, options);
    Object.assign(this.config, config);
    await this.session.setDropout(dropoutRates(config));
  }

  /**
   * Writes config.json, model.safetensors (float32) and a model card, README.md, into a folder, which is made where it
   * is missing. Each file replaces its former one as a whole or not at all; a README.md that is not nerbert's own stays,
   * and so does a card that tells of a training if this one would not. Await it before the next step or `dispose()`: the
   * parameters are those of the moment when their file is begun.
   *
   * @param options.training what the card tells of the training; a BertTrainer gives it
   * @throws NerbertError `ERR_IO` if the folder cannot be written to
   */
  async savePretrained(dir: string, options: { training?: CardTraining | undefined } = {}): Promise<void> {
    checkString('dir', dir);
    checkKnownOptions('savePretrained', options, ['training']);
    await makeFolder(dir);
    await saveWeights(this.session, join(dir, 'model.safetensors'));
    await writeFileAtomically(join(dir, 'config.json'), configToJson(this.config, this.#configJson));
    await writeModelCard(dir, cardFacts(dir, this.config, this.#base, options.training));
  }

  /** Frees the memory of the model behind the calls made before. Idempotent. */
  dispose(): Promise<void> {
    return this.session.dispose();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** Whether a label adds to the loss. */
  #counts(label: number): boolean {
    return label !== IGNORE_INDEX && this.classWeights?.[label] !== 0;
  }

  /** Training steps begun: they number the dropout masks. @internal */
  get stepCount(): number {
    return this.#steps;
  }

  set stepCount(steps: number) {
    this.#steps = steps;
  }

  /** All that the engine was made with. @internal */
  get engineOptions(): ModelEngineOptions {
    return engineOptions(this.config, this.#choice);
  }

  /** What batches are checked against. @internal */
  get geometry(): ModelEngineOptions['geometry'] {
    return geometryOf(this.config);
  }
}

/** The same loader under the name that users of transformers know. */
export const AutoModelForTokenClassification: Pick<
  typeof BertForTokenClassification,
  'fromPretrained' | 'fromConfig'
> = BertForTokenClassification;

function configure(
  stored: LoadedConfig,
  options: ModelOptions,
): { loaded: LoadedConfig; choice: EngineChoice } {
  const labels = resolveLabels(Object.values(stored.config.id2label) as LabelList, options);
  const config = withDropout(withLabels(stored.config, labels), options);
  const { numHiddenLayers } = config;
  const choice = resolveEngineChoice(options, { numLabels: labels.length, numHiddenLayers });
  return { loaded: { config, json: stored.json }, choice };
}

/** A tuple batch is an array too: it begins with an array of Int32Arrays. */
function isBatchList(batches: AnyBatch | AnyBatch[]): batches is AnyBatch[] {
  return Array.isArray(batches) && !(Array.isArray(batches[0]) && batches[0][0] instanceof Int32Array);
}
