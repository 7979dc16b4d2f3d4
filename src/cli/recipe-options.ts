import { checkBoolean, checkPositive, checkProbability, checkString } from '../check.ts';
import { OptionError } from '../errors.ts';
import { checkLayerwiseDecay } from '../training/optimizer.ts';
import { type SchedulerName, schedulerNames, schedulesWith } from '../training/schedules.ts';
import { flagOf, integer, number, type OptionSpec, oneOf } from './command-options.ts';

/** How the parameters are changed: options of `train`. */
export interface RecipeOptions {
  learningRate: number;
  scheduler: SchedulerName;
  warmupRatio: number;
  /** Goes before `warmupRatio`. */
  warmupSteps?: number;
  numCycles?: number;
  power?: number;
  lrEnd?: number;
  optimizer: 'adam' | 'adamw';
  weightDecay: number;
  layerwiseDecay: number;
  freezeEmbeddings: boolean;
  freezeLayers: number;
  gradientCheckpointing: boolean;
  clipping?: number;
  lossReduction: 'token-mean' | 'batch-mean';
  /** `balanced`, or a JSON file. */
  classWeights?: string;
  dropout: number;
}

/** The original project's best run. */
export const recipeDefaults: RecipeOptions = {
  learningRate: 5e-5,
  scheduler: 'linear',
  warmupRatio: 0.1,
  optimizer: 'adam',
  weightDecay: 0,
  layerwiseDecay: 1,
  freezeEmbeddings: false,
  freezeLayers: 0,
  gradientCheckpointing: false,
  lossReduction: 'token-mean',
  dropout: 0.3,
};

export const recipeSpecs: readonly OptionSpec<RecipeOptions>[] = [
  {
    name: 'learningRate',
    value: 'RATE',
    numeric: true,
    description: 'highest learning rate',
    check: number(0),
  },
  {
    name: 'scheduler',
    value: 'NAME',
    description: `how the rate changes after warm-up: ${schedulerNames.join(', ')}`,
    check: oneOf(...schedulerNames),
  },
  {
    name: 'warmupRatio',
    value: 'SHARE',
    numeric: true,
    description: 'share of the steps in which the rate rises from 0',
    check: number(0, 1),
  },
  {
    name: 'warmupSteps',
    value: 'N',
    numeric: true,
    description: 'the same as a number of steps (default: --warmup-ratio)',
    check: integer(0),
  },
  {
    name: 'numCycles',
    value: 'N',
    numeric: true,
    description: 'of cosine: waves; of cosine_with_restarts: falls (default: 0.5; 1)',
    check: number(0),
  },
  {
    name: 'power',
    value: 'N',
    numeric: true,
    description: 'of polynomial: the exponent (default: 1)',
    check: number(0),
  },
  {
    name: 'lrEnd',
    value: 'RATE',
    numeric: true,
    description: 'of polynomial: the rate at the end (default: 1e-7)',
    check: number(0),
  },
  { name: 'optimizer', value: 'NAME', description: 'adam or adamw', check: oneOf('adam', 'adamw') },
  {
    name: 'weightDecay',
    value: 'RATE',
    numeric: true,
    description: 'on all parameters but biases and LayerNorm weights',
    check: number(0),
  },
  {
    name: 'layerwiseDecay',
    value: 'FACTOR',
    numeric: true,
    description:
      'the rate of a layer is that of the layer above times this; the classifier has the full rate',
    check: checkLayerwiseDecay,
  },
  { name: 'freezeEmbeddings', description: 'leave the embeddings as they are', check: checkBoolean },
  {
    name: 'freezeLayers',
    value: 'N',
    numeric: true,
    description: 'leave the lowest N layers as they are, and the embeddings below them',
    check: integer(0),
  },
  {
    name: 'gradientCheckpointing',
    description: 'compute layers again for their gradients: less memory, more time, the same numbers',
    check: checkBoolean,
  },
  {
    name: 'clipping',
    value: 'NORM',
    numeric: true,
    description: 'highest norm of all gradients together (default: no clipping)',
    check: checkPositive,
  },
  {
    name: 'lossReduction',
    value: 'HOW',
    description: 'token-mean: every word of a step counts the same; batch-mean: every micro-batch does',
    check: oneOf('token-mean', 'batch-mean'),
  },
  {
    name: 'classWeights',
    value: 'HOW',
    description:
      'weight of each tag in the loss: balanced (rare tags count as much as frequent ones), or a JSON file of ' +
      'tag: weight (default: all 1)',
    check: checkString,
  },
  {
    name: 'dropout',
    value: 'P',
    numeric: true,
    description: 'of hidden layers, attention and classifier',
    check: checkProbability,
  },
];

/**
 * Checks what options say together.
 *
 * @param given without defaults
 * @throws OptionError
 */
export function checkRecipe(given: Partial<RecipeOptions>): void {
  const { warmupSteps, warmupRatio, scheduler = recipeDefaults.scheduler, freezeEmbeddings } = given;
  if (warmupSteps !== undefined && warmupRatio !== undefined) {
    throw new OptionError('--warmup-steps', 'a number of steps or --warmup-ratio, not both,', warmupSteps);
  }
  for (const name of ['numCycles', 'power', 'lrEnd'] as const) {
    const schedules = schedulesWith(name);
    if (given[name] === undefined || schedules.includes(scheduler)) continue;
    throw new OptionError(
      '--scheduler',
      `${schedules.join(' or ')}, which ${flagOf(name)} belongs to,`,
      scheduler,
    );
  }
  if (freezeEmbeddings === false && (given.freezeLayers ?? 0) > 0) {
    throw new OptionError('freezeEmbeddings', 'true, since layers above are frozen,', false);
  }
}
