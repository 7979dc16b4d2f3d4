import { checkBoolean, checkInteger, checkKnownOptions, checkOneOf, checkProbability } from '../check.ts';
import type { BertConfig } from '../checkpoint/config.ts';
import type { LabelOptions } from '../checkpoint/labels.ts';
import { type Device, resolveDevice } from '../engine/device.ts';
import { OptionError } from '../errors.ts';
import { type HubOptions, hubOptionNames } from '../hub/settings.ts';

/** What training leaves as it is: no gradient, no update, no decay, no part in the norm of the gradients. */
export interface FreezeOptions {
  /** The embeddings with their LayerNorm. @default whether `layers` is above 0 */
  embeddings?: boolean | undefined;
  /** How many layers, from the lowest; the embeddings below them are then frozen too. @default 0 */
  layers?: number | undefined;
}

/** Shares that are dropped in training; each stays as it is where it is not given. */
export interface DropoutOptions {
  /** Dropout of embeddings and of both outputs of a layer. @default the checkpoint's */
  hiddenDropoutProb?: number | undefined;
  /** Dropout of the attention weights. @default the checkpoint's */
  attentionProbsDropoutProb?: number | undefined;
  /** Dropout before the classifier. @default the checkpoint's, else `hiddenDropoutProb` */
  classifierDropout?: number | undefined;
}

export interface ModelOptions extends LabelOptions, DropoutOptions {
  /** @default 'auto', the first GPU where there is one */
  device?: Device | undefined;
  /** Type of the linear layers' products; parameters stay float32. @default 'auto', which is float32 */
  dtype?: 'auto' | 'float32' | 'bfloat16' | undefined;
  /** Weight of each label in the loss, by label id. @default all 1 */
  classWeights?: Float32Array | undefined;
  /** Parameters that are not trained. @default none */
  freeze?: FreezeOptions | undefined;
  /**
   * Keep the input of each layer alone and compute the layer again when its gradient is due: less memory for a third
   * more work, with the same numbers. @default false
   */
  gradientCheckpointing?: boolean | undefined;
  /** Determines newly initialised weights and dropout masks. @default 42 */
  seed?: number | undefined;
}

/** Options of a model that is loaded by its name. */
export interface PretrainedOptions extends ModelOptions, HubOptions {}

/** Options that do not concern the labels, checked and complete. */
export interface EngineChoice {
  device: string;
  dtype: 'float32' | 'bfloat16';
  classWeights: Float32Array | undefined;
  /** Blocks from the bottom that are not trained: the embeddings, then layers. */
  frozen: number;
  gradientCheckpointing: boolean;
  seed: number;
}

/** The configuration with the dropout that the options ask for. @throws OptionError */
export function withDropout(config: BertConfig, options: DropoutOptions): BertConfig {
  const chosen = { ...config };
  for (const option of ['hiddenDropoutProb', 'attentionProbsDropoutProb', 'classifierDropout'] as const) {
    if (options[option] !== undefined) chosen[option] = checkProbability(option, options[option]);
  }
  return chosen;
}

/** @throws OptionError */
export function resolveEngineChoice(
  options: ModelOptions,
  { numLabels, numHiddenLayers }: { numLabels: number; numHiddenLayers: number },
): EngineChoice {
  const dtype = checkOneOf('dtype', options.dtype ?? 'auto', ['auto', 'float32', 'bfloat16']);
  return {
    device: resolveDevice(options.device ?? 'auto'),
    dtype: dtype === 'bfloat16' ? 'bfloat16' : 'float32',
    classWeights: checkClassWeights(options.classWeights, numLabels),
    frozen: frozenBlocks(options.freeze, numHiddenLayers),
    gradientCheckpointing: checkBoolean('gradientCheckpointing', options.gradientCheckpointing ?? false),
    seed: checkInteger('seed', options.seed ?? 42),
  };
}

const modelOptionNames = [
  'numLabels',
  'id2label',
  'hiddenDropoutProb',
  'attentionProbsDropoutProb',
  'classifierDropout',
  'device',
  'dtype',
  'classWeights',
  'freeze',
  'gradientCheckpointing',
  'seed',
];

/** @throws OptionError for a name that is no option of a model */
export function checkModelOptions(caller: string, options: unknown): asserts options is ModelOptions {
  checkKnownOptions(caller, options, modelOptionNames);
}

/** @throws OptionError for a name that is no option of a model that is loaded by its name */
export function checkPretrainedOptions(options: unknown): asserts options is PretrainedOptions {
  checkKnownOptions('fromPretrained', options, [...modelOptionNames, ...hubOptionNames]);
}

function frozenBlocks(freeze: FreezeOptions = {}, numHiddenLayers: number): number {
  checkKnownOptions('freeze', freeze, ['embeddings', 'layers']);
  const layers = checkInteger('freeze.layers', freeze.layers ?? 0, 0, numHiddenLayers);
  const embeddings = checkBoolean('freeze.embeddings', freeze.embeddings ?? layers > 0);
  if (layers > 0 && !embeddings) {
    const remedy = 'Leave it out, or freeze no layers';
    throw new OptionError('freeze.embeddings', 'true, since layers above are frozen,', embeddings, remedy);
  }
  return embeddings ? 1 + layers : 0;
}

function checkClassWeights(weights: unknown, numLabels: number): Float32Array | undefined {
  if (weights === undefined) return undefined;
  if (!(weights instanceof Float32Array)) throw new OptionError('classWeights', 'a Float32Array', weights);
  if (weights.length !== numLabels) {
    throw new OptionError('classWeights', `${numLabels} weights, one for each label,`, `${weights.length}`);
  }
  const bad = weights.findIndex(weight => !(weight >= 0 && Number.isFinite(weight)));
  if (bad >= 0) throw new OptionError(`classWeights[${bad}]`, 'a number of at least 0', weights[bad]);
  return weights;
}
