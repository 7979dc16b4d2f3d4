import { type BertConfig, readConfig } from '../checkpoint/config.ts';
import { autoDtype } from '../engine/auto-dtype.ts';
import { resolveDevice } from '../engine/device.ts';
import { loadNative } from '../engine/native.ts';
import { OptionError } from '../errors.ts';
import { type LocatedCheckpoint, locateCheckpoint } from '../hub/checkpoint-folder.ts';
import { hubOptions } from '../hub/settings.ts';
import type { JsonObject } from '../json.ts';
import { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import type { ModelOptions } from '../model/model-options.ts';
import { AutoTokenizer } from '../tokenization/auto-tokenizer.ts';
import type { BertTokenizer } from '../tokenization/bert-tokenizer.ts';
import { vocabularyWarnings } from '../tokenization/vocabulary-fit.ts';
import { classWeightsOf } from './class-weights.ts';
import { flagOf } from './command-options.ts';
import { type Corpus, readCorpus, sampleWords, tagsOf, tagTable } from './corpus.ts';
import type { DataSource } from './data-source.ts';
import { fetchNamedCorpora } from './named-corpora.ts';
import { describeFrozen, describeMachine, describeSource } from './train-messages.ts';
import type { TrainOptions } from './train-options.ts';

/** Enough to tell whether the vocabulary fits, and encoded in an instant. */
const FIT_WORDS = 10_000;

/** What a command that trains begins from. */
export interface Inputs {
  source: DataSource;
  corpus: Corpus;
  checkpoint: LocatedCheckpoint;
  tokenizer: BertTokenizer;
  dtype: TrainOptions['dtype'];
  /** Why this type was chosen; undefined where the user chose it. */
  dtypeReason: string | undefined;
}

type InputOptions = Pick<
  TrainOptions,
  'limit' | 'device' | 'dtype' | 'revision' | 'cacheDir' | 'localFilesOnly'
>;

type ModelRun = Pick<
  TrainOptions,
  | 'dropout'
  | 'device'
  | 'seed'
  | 'classWeights'
  | 'freezeEmbeddings'
  | 'freezeLayers'
  | 'gradientCheckpointing'
  | 'maxLenSeq'
>;

/** Fetches and reads what is missing, and tells what is taken. */
export async function openInputs(
  chosen: DataSource,
  options: InputOptions,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<Inputs> {
  const source = await fetchNamedCorpora(chosen, say, signal);
  say(describeSource(source));
  const corpus = await readCorpus(source, options.limit);
  say(`${tagTable(corpus)}\n`);

  const checkpoint = await locateCheckpoint(source.model, 'checkpoint', hubOptions(options), { signal, say });
  const tokenizer = await AutoTokenizer.fromPretrained(source.model, checkpoint.options);
  for (const note of tokenizer.notes) say(note);
  for (const warning of vocabularyWarnings(tokenizer, sampleWords(corpus.train, FIT_WORDS)))
    say(`${warning}\n`);
  const auto =
    options.dtype === 'auto'
      ? autoDtype(resolveDevice(options.device), loadNative().runtimeInfo())
      : undefined;
  const dtype = auto?.dtype ?? options.dtype;
  return { source, corpus, checkpoint, tokenizer, dtype, dtypeReason: auto?.reason };
}

/** What a model will be, known before its weights are read. */
export interface ModelOutline {
  json: JsonObject;
  config: BertConfig;
  /** In the order of their ids. */
  labels: string[];
  /** Whether these are the corpus's tags, since the checkpoint's labels lack one of them. */
  fresh: boolean;
}

/** @throws OptionError for options that ask for what the model has not */
export async function outlineModel(
  { checkpoint, corpus }: Inputs,
  run: Pick<ModelRun, 'maxLenSeq' | 'freezeLayers'>,
): Promise<ModelOutline> {
  const { json, config } = await readConfig(checkpoint.folder);
  for (const [name, limit, what] of [
    ['maxLenSeq', config.maxPositionEmbeddings, 'positions'],
    ['freezeLayers', config.numHiddenLayers, 'layers'],
  ] as const) {
    if (run[name] > limit)
      throw new OptionError(flagOf(name), `at most ${limit}, the model's ${what},`, run[name]);
  }
  const tags = tagsOf(corpus);
  const known = Object.values(config.id2label);
  const fresh = !tags.every(tag => known.includes(tag));
  return { json, config, labels: fresh ? tags : known, fresh };
}

/** The checkpoint, or for the demo a model from scratch, with a classifier for the tags of the corpus. */
export async function loadModel(inputs: Inputs, run: ModelRun): Promise<BertForTokenClassification> {
  const { source, checkpoint, corpus, dtype } = inputs;
  const { dropout, device, seed, classWeights, freezeEmbeddings, freezeLayers } = run;
  const { json, labels, fresh } = await outlineModel(inputs, run);
  const options: ModelOptions = {
    ...(fresh && { id2label: labels }),
    ...(classWeights !== undefined && {
      classWeights: await classWeightsOf(classWeights, labels, corpus.train),
    }),
    freeze: { embeddings: freezeEmbeddings || freezeLayers > 0, layers: freezeLayers },
    gradientCheckpointing: run.gradientCheckpointing,
    hiddenDropoutProb: dropout,
    attentionProbsDropoutProb: dropout,
    classifierDropout: dropout,
    device,
    dtype,
    seed,
  };
  return source.kind === 'demo'
    ? BertForTokenClassification.fromConfig(json, options)
    : BertForTokenClassification.fromPretrained(source.model, { ...options, ...checkpoint.options });
}

/** What was loaded, what of it is trained, and where. */
export function describeModel(
  model: BertForTokenClassification,
  { dtypeReason }: Inputs,
  { freezeEmbeddings, freezeLayers }: ModelRun,
): string {
  const frozen = freezeEmbeddings || freezeLayers > 0;
  return [
    ...(model.loadingReport ? [model.loadingReport] : []),
    ...(frozen ? [describeFrozen(model, freezeLayers)] : []),
    describeMachine(model, dtypeReason),
  ].join('\n');
}
