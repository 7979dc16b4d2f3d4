import { basename, resolve } from 'node:path';
import type { BertConfig } from '../checkpoint/config.ts';
import type { CardTraining, ModelCardFacts } from '../checkpoint/model-card.ts';
import { parameterCount } from '../checkpoint/parameters.ts';
import { libtorchInfo } from '../engine/native.ts';
import { version } from '../version.ts';

/** The checkpoint that a model was loaded from. */
export type BaseModel = ModelCardFacts['base'];

/** A folder is named without the folders above it, which are nobody else's business. */
export function baseModel(nameOrPath: string, folder: string): BaseModel {
  return folder === nameOrPath
    ? { name: basename(resolve(folder)), onHub: false }
    : { name: nameOrPath, onHub: true };
}

/** What a model card in the folder `dir` can tell. */
export function cardFacts(
  dir: string,
  config: BertConfig,
  base: BaseModel,
  training: CardTraining | undefined,
): ModelCardFacts {
  const labels = Object.values(config.id2label);
  return {
    name: basename(resolve(dir)),
    base,
    labels,
    layers: config.numHiddenLayers,
    hiddenSize: config.hiddenSize,
    parameters: parameterCount(config, labels.length),
    training,
    date: new Date().toISOString().slice(0, 10),
    versions: { nerbert: version, libtorch: libtorchInfo().version, 'Node.js': process.versions.node },
  };
}
