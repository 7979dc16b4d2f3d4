import { checkBoolean } from '../check.ts';
import { OptionError } from '../errors.ts';
import { type Metric, metrics } from '../training/metric.ts';
import { type BertTrainerOptions, checkSaveEvery } from '../training/trainer-options.ts';
import { integer, number, type OptionSpec, oneOf } from './command-options.ts';

/** When to evaluate, to stop and to save: options of `train`. */
export interface LoopOptions {
  evalEverySteps?: number;
  evalEveryEpochs?: number;
  metric: Metric;
  patience?: number;
  minGain?: number;
  saveEvery: number | 'epoch' | 'never';
  keep: number;
  resume: boolean;
}

export const loopDefaults: LoopOptions = { metric: 'f1', saveEvery: 'epoch', keep: 2, resume: false };

export const loopSpecs: readonly OptionSpec<LoopOptions>[] = [
  {
    name: 'evalEveryEpochs',
    value: 'N',
    numeric: true,
    description: 'score on the evaluation file every N epochs, and at the end (default: 1)',
    check: integer(1),
  },
  {
    name: 'evalEverySteps',
    value: 'N',
    numeric: true,
    description: 'the same every N optimizer steps (default: --eval-every-epochs)',
    check: integer(1),
  },
  {
    name: 'metric',
    value: 'NAME',
    description:
      'what decides which evaluation is the best: f1 (of entities, micro-averaged), f1-macro, word-f1 or loss',
    check: oneOf(...metrics),
  },
  {
    name: 'patience',
    value: 'N',
    numeric: true,
    description: 'stop after N evaluations in a row without a gain (default: never)',
    check: integer(1),
  },
  {
    name: 'minGain',
    value: 'GAIN',
    numeric: true,
    description: 'with --patience: what the metric must rise by, at least, to be a gain (default: 0)',
    check: number(0),
  },
  {
    name: 'saveEvery',
    value: 'N',
    numeric: true,
    description:
      'save a resume state every N optimizer steps and at the end of each epoch; epoch: there alone; never: none',
    check: checkSaveEvery,
  },
  {
    name: 'keep',
    value: 'N',
    numeric: true,
    description: 'how many resume states to keep; each takes three times the space of the model',
    check: integer(1),
  },
  {
    name: 'resume',
    description: 'go on with the run in --output-dir where it was saved last; all other options as they were',
    check: checkBoolean,
  },
];

/**
 * Checks what options say together.
 *
 * @param given without defaults
 * @throws OptionError
 */
export function checkLoop(given: Partial<LoopOptions> & { outputDir?: string; overwrite?: boolean }): void {
  const { evalEverySteps, evalEveryEpochs, patience, minGain, resume, overwrite, outputDir } = given;
  if (evalEverySteps !== undefined && evalEveryEpochs !== undefined) {
    throw new OptionError('--eval-every-steps', 'steps or --eval-every-epochs, not both,', evalEverySteps);
  }
  if (minGain !== undefined && patience === undefined) {
    throw new OptionError('--patience', 'a number of evaluations beside --min-gain', undefined);
  }
  if (!resume) return;
  if (outputDir === undefined) {
    throw new OptionError('--output-dir', 'the folder of the run to resume', undefined);
  }
  if (overwrite) throw new OptionError('--overwrite', 'none beside --resume', true);
  if (given.saveEvery === 'never') {
    throw new OptionError('--save-every', 'a number of steps or epoch beside --resume', 'never');
  }
}

/** As the trainer calls these options. */
export function loopSettings(options: LoopOptions): Partial<BertTrainerOptions> {
  const { evalEverySteps, evalEveryEpochs = 1, patience, minGain, metric, saveEvery, keep } = options;
  return {
    evaluateEvery: evalEverySteps === undefined ? { epochs: evalEveryEpochs } : { steps: evalEverySteps },
    earlyStopping: patience === undefined ? undefined : { patience, minimumGain: minGain },
    metric,
    saveEvery,
    keep,
  };
}
