import { join } from 'node:path';
import { CheckpointError, OptionError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { type ConfigField, configKeys } from './config-keys.ts';
import { describeJson, readJsonObject } from './json.ts';
import {
  type Id2Label,
  type LabelList,
  label2idOf,
  parseId2Label,
  parseLabel2Id,
  type Refuse,
  unnamedLabels,
} from './labels.ts';
import { parameterCount } from './parameters.ts';

export type HiddenAct = 'gelu' | 'gelu_new' | 'relu';

/** A BERT model's geometry, regularisation and labels: config.json in camelCase. */
export interface BertConfig {
  vocabSize: number;
  hiddenSize: number;
  numHiddenLayers: number;
  numAttentionHeads: number;
  intermediateSize: number;
  /** The longest sequence, in pieces. */
  maxPositionEmbeddings: number;
  typeVocabSize: number;
  /** `gelu` is the erf form, `gelu_new` the tanh approximation. */
  hiddenAct: HiddenAct;
  layerNormEps: number;
  hiddenDropoutProb: number;
  attentionProbsDropoutProb: number;
  /** Dropout before the classifier; null: `hiddenDropoutProb`. */
  classifierDropout: number | null;
  /** Standard deviation of newly initialised weights. */
  initializerRange: number;
  padTokenId: number | null;
  /** Labels by label id; empty where the checkpoint has none. */
  id2label: Id2Label;
  label2id: Record<string, number>;
}

export interface LoadedConfig {
  config: BertConfig;
  /** The whole config.json, with the keys that nerbert does not read: `configToJson` keeps them. */
  json: JsonObject;
}

/** Bounds what a config can make anyone allocate. */
const maxLayers = 1000;
const maxParameters = 2 ** 33;

/** How many labels transformers assumes where nothing tells: it leaves just these out of the config.json it writes. */
const defaultLabels = 2;

const activations = new Map<unknown, HiddenAct>([
  ['gelu', 'gelu'],
  ['gelu_new', 'gelu_new'],
  ['gelu_pytorch_tanh', 'gelu_new'],
  ['relu', 'relu'],
]);

/** Reads the config.json of a checkpoint folder. @throws CheckpointError */
export async function readConfig(folder: string): Promise<LoadedConfig> {
  const file = join(folder, 'config.json');
  const json = await readJsonObject(file);
  return { config: parseConfig(json, file), json };
}

/** Reads a parsed config.json; `file` names it in errors. @throws CheckpointError */
export function parseConfig(json: JsonObject, file: string): BertConfig {
  return readFields(json, (key, expected, received) => {
    throw new CheckpointError(`expected ${expected} for ${key} but found ${describeJson(received)}`, file);
  });
}

/**
 * Reads a config given as an option: with the keys of config.json, or with those of `BertConfig`.
 *
 * @throws OptionError
 */
export function configFromOption(value: unknown): LoadedConfig {
  const refuse: Refuse = (key, expected, received) => {
    throw new OptionError(key === '' ? 'config' : `config.${key}`, expected, received);
  };
  if (!isJsonObject(value)) return refuse('', 'an object like config.json', value);
  const json = new Map<string, unknown>();
  for (const [name, item] of Object.entries(value)) {
    const key = Object.hasOwn(configKeys, name) ? configKeys[name as ConfigField] : name;
    if (/[A-Z]/.test(key))
      refuse('', `only keys of config.json or ${Object.keys(configKeys).join(', ')}`, name);
    if (json.has(key)) refuse(name, `either ${key} or its name in camelCase, not both,`, item);
    if (item !== undefined) json.set(key, item);
  }
  const object = Object.fromEntries(json);
  return { config: readFields(object, refuse), json: object };
}

/** The same model with other labels. */
export function withLabels(config: BertConfig, labels: LabelList): BertConfig {
  return { ...config, id2label: { ...labels }, label2id: label2idOf(labels) };
}

function readFields(json: JsonObject, refuse: Refuse): BertConfig {
  checkArchitecture(json, refuse);

  const number = (
    key: string,
    fallback: number,
    expected: string,
    holds: (value: number) => boolean,
  ): number => {
    const value = json[key] ?? fallback;
    return typeof value === 'number' && Number.isFinite(value) && holds(value)
      ? value
      : refuse(key, expected, value);
  };
  const size = (key: string, fallback?: number, max = Number.MAX_SAFE_INTEGER): number => {
    const value = json[key] ?? fallback;
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= max
      ? value
      : refuse(
          key,
          max < Number.MAX_SAFE_INTEGER ? `an integer from 1 to ${max}` : 'an integer from 1',
          value,
        );
  };
  const probability = (key: string): number =>
    number(key, 0.1, 'a probability below 1', value => value >= 0 && value < 1);

  const labels = parseLabels(json, refuse);
  const config: BertConfig = {
    vocabSize: size('vocab_size'),
    hiddenSize: size('hidden_size'),
    numHiddenLayers: size('num_hidden_layers', undefined, maxLayers),
    numAttentionHeads: size('num_attention_heads'),
    intermediateSize: size('intermediate_size'),
    maxPositionEmbeddings: size('max_position_embeddings', 512),
    typeVocabSize: size('type_vocab_size', 2),
    hiddenAct: parseActivation(json, refuse),
    layerNormEps: number('layer_norm_eps', 1e-12, 'a number above 0', value => value > 0),
    hiddenDropoutProb: probability('hidden_dropout_prob'),
    attentionProbsDropoutProb: probability('attention_probs_dropout_prob'),
    classifierDropout: json.classifier_dropout == null ? null : probability('classifier_dropout'),
    initializerRange: number('initializer_range', 0.02, 'a number from 0', value => value >= 0),
    padTokenId: parsePadTokenId(json, refuse),
    id2label: { ...labels },
    label2id: label2idOf(labels),
  };
  if (config.hiddenSize % config.numAttentionHeads !== 0) {
    refuse('num_attention_heads', `a divisor of hidden_size ${config.hiddenSize}`, config.numAttentionHeads);
  }
  if (config.padTokenId !== null && config.padTokenId >= config.vocabSize) {
    refuse('pad_token_id', `an id below vocab_size ${config.vocabSize}`, config.padTokenId);
  }
  const parameters = parameterCount(config, labels.length);
  if (parameters > maxParameters) {
    refuse('hidden_size and the other sizes', `a model of at most ${maxParameters} parameters`, parameters);
  }
  return config;
}

function checkArchitecture(json: JsonObject, refuse: Refuse): void {
  const only = (key: string, allowed: unknown, why: string): void => {
    const value = json[key] ?? allowed;
    if (value !== allowed) refuse(key, `${JSON.stringify(allowed)} (${why})`, value);
  };
  only('model_type', 'bert', 'nerbert reads BERT checkpoints only');
  only('position_embedding_type', 'absolute', 'relative positions are not supported');
  only('is_decoder', false, 'token classification needs an encoder');
  only('add_cross_attention', false, 'token classification needs an encoder');
}

function parseActivation(json: JsonObject, refuse: Refuse): HiddenAct {
  const value = json.hidden_act ?? 'gelu';
  return (
    activations.get(value) ?? refuse('hidden_act', `one of ${[...activations.keys()].join(', ')}`, value)
  );
}

function parsePadTokenId(json: JsonObject, refuse: Refuse): number | null {
  const value = json.pad_token_id === undefined ? 0 : json.pad_token_id;
  if (value === null) return null;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
    ? value
    : refuse('pad_token_id', 'a token id or null', value);
}

/**
 * Labels of id2label, label2id and num_labels, which must not contradict each other. Where all are absent, a token
 * classifier has the two that transformers calls LABEL_0 and LABEL_1; any other checkpoint has none.
 */
function parseLabels(json: JsonObject, refuse: Refuse): string[] {
  const byId = json.id2label == null ? undefined : parseId2Label(json.id2label, refuse);
  const byLabel = json.label2id == null ? undefined : parseLabel2Id(json.label2id, refuse);
  if (
    byId &&
    byLabel &&
    (byId.length !== byLabel.length || byId.some((label, id) => label !== byLabel[id]))
  ) {
    refuse('label2id', 'the inverse of id2label', 'another assignment');
  }
  const labels = byId ?? byLabel;
  const count = json.num_labels ?? labels?.length ?? (isTokenClassifier(json) ? defaultLabels : 0);
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0 || count > 2 ** 20) {
    return refuse('num_labels', 'a number of labels', count);
  }
  if (labels && labels.length !== count) {
    refuse('num_labels', `${labels.length}, the number of labels in id2label,`, count);
  }
  return labels ?? unnamedLabels(count);
}

function isTokenClassifier({ architectures }: JsonObject): boolean {
  return Array.isArray(architectures) && architectures.includes('BertForTokenClassification');
}
