import type { JsonObject } from '../json.ts';
import type { BertConfig } from './config.ts';
import { type ConfigField, configKeys } from './config-keys.ts';

/** Keys that would contradict what is written beside them. */
const replacedKeys = ['torch_dtype', 'num_labels', '_num_labels'];

/**
 * config.json as transformers writes it: sorted keys, two spaces, a final newline.
 *
 * @param base the config.json that the model was loaded with, whose other keys are kept
 */
export function configToJson(config: BertConfig, base: JsonObject = {}): string {
  const json = new Map(Object.entries(base));
  for (const key of replacedKeys) json.delete(key);
  for (const [field, key] of Object.entries(configKeys)) json.set(key, config[field as ConfigField]);
  json.set('architectures', ['BertForTokenClassification']);
  json.set('model_type', 'bert');
  json.set('dtype', 'float32');
  json.set('label2id', Object.fromEntries(sortByName(Object.entries(config.label2id))));
  return `${JSON.stringify(Object.fromEntries(sortByName([...json])), undefined, 2)}\n`;
}

function sortByName<Value>(entries: [string, Value][]): [string, Value][] {
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}
