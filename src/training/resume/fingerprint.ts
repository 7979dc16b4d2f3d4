import { DataLoader } from '../../data/dataloader.ts';
import { OptionError } from '../../errors.ts';
import { isJsonObject } from '../../json.ts';
import type { BatchLoader } from '../loader.ts';
import type { TrainerSettings } from '../trainer-options.ts';
import { numberDigest, sampleDigest } from './digest.ts';

/** Everything that decides the numbers of a run, by the names of the options, as JSON values. */
export type Fingerprint = Record<string, unknown>;

/** Settings that change no number, or that are taken apart below. All others must be the same to resume. */
const apart: readonly (keyof TrainerSettings)[] = [
  'model',
  'tokenizer',
  'optimizer',
  'scheduler',
  'printEvery',
  'progress',
  'printValMistakes',
  'maxMistakes',
  'outputDir',
  'report',
  'history',
  'tensorboard',
  'figures',
  'figureTheme',
  'dataSource',
  'saveEvery',
  'keep',
];

/** Steps whose learning rates are compared where nobody knows how many there will be. */
const STEPS_OF_UNKNOWN = 1000;

export function fingerprintOf(
  settings: TrainerSettings,
  training: BatchLoader,
  validation: BatchLoader | undefined,
): Fingerprint {
  const { model, tokenizer, optimizer, scheduler, nEpochs, accumulateGradEvery } = settings;
  const { device, ...engine } = model.engineOptions;
  const { model: _, handle, ...adam } = optimizer;
  const steps =
    training.length === undefined
      ? STEPS_OF_UNKNOWN
      : nEpochs * Math.ceil(training.length / accumulateGradEvery);
  const rates = Array.from({ length: steps }, (_, step) => scheduler.learningRate(step));
  return flat({
    ...Object.fromEntries(
      Object.entries(settings).filter(([name]) => !(apart as readonly string[]).includes(name)),
    ),
    model: { ...engine, labels: Object.values(model.config.id2label) },
    tokenizer: { vocabSize: tokenizer.vocabSize, doLowerCase: tokenizer.doLowerCase },
    optimizer: adam,
    dataloaderTrain: describeLoader(training),
    dataloaderVal: validation && describeLoader(validation),
    scheduler: `the rates ${numberDigest(rates)}`,
  });
}

/** @throws OptionError that names an option that is not as in the run that is resumed */
export function checkSameRun(saved: Fingerprint, current: Fingerprint): void {
  const names = [...new Set([...Object.keys(current), ...Object.keys(saved)])];
  const [first, ...others] = names.filter(
    name => JSON.stringify(saved[name]) !== JSON.stringify(current[name]),
  );
  if (first === undefined) return;
  const also = others.length > 0 ? `Also different: ${others.join(', ')}. ` : '';
  throw new OptionError(
    first,
    `${JSON.stringify(saved[first]) ?? 'nothing'}, as in the run that is resumed,`,
    current[first],
    `${also}Resume with the same options and data, or begin a new run in another folder`,
  );
}

function describeLoader(loader: BatchLoader): Record<string, unknown> {
  if (!(loader instanceof DataLoader)) return { length: loader.length };
  const { dataset, batchSize, shuffle, seed, longSentences, groupByLength } = loader;
  const { samples, maxLenSeq, stride } = dataset;
  return {
    batchSize,
    shuffle,
    seed,
    longSentences,
    groupByLength,
    maxLenSeq,
    stride,
    samples: `${samples.length} sentences, SHA-256 ${sampleDigest(samples)}`,
  };
}

/** Nested objects as one, with names such as `optimizer.weightDecay`; what is undefined is left out. */
function flat(value: Record<string, unknown>, prefix = ''): Fingerprint {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]) => {
      const name = `${prefix}${key}`;
      if (ArrayBuffer.isView(member)) return [[name, Array.from(member as Float32Array)]];
      if (isJsonObject(member)) return Object.entries(flat(member, `${name}.`));
      return member === undefined ? [] : [[name, member]];
    }),
  );
}
