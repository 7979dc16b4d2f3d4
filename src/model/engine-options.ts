import type { BertConfig } from '../checkpoint/config.ts';
import type { DropoutRates } from '../engine/addon.ts';
import type { ModelEngineOptions } from '../engine/session.ts';
import type { EngineChoice } from './model-options.ts';

/** The sizes of the model, which batches are checked against. */
export function geometryOf(config: BertConfig): ModelEngineOptions['geometry'] {
  return {
    vocabSize: config.vocabSize,
    hiddenSize: config.hiddenSize,
    numHiddenLayers: config.numHiddenLayers,
    numAttentionHeads: config.numAttentionHeads,
    intermediateSize: config.intermediateSize,
    maxPositionEmbeddings: config.maxPositionEmbeddings,
    typeVocabSize: config.typeVocabSize,
    numLabels: Object.keys(config.id2label).length,
    padTokenId: config.padTokenId ?? -1,
    hiddenAct: config.hiddenAct,
    layerNormEps: config.layerNormEps,
  };
}

/** All that the engine is made with. */
export function engineOptions(
  config: BertConfig,
  { device, dtype, classWeights, frozen, gradientCheckpointing, seed }: EngineChoice,
): ModelEngineOptions {
  return {
    geometry: geometryOf(config),
    device,
    bfloat16: dtype === 'bfloat16',
    dropout: dropoutRates(config),
    seed,
    frozen,
    gradientCheckpointing,
    ...(classWeights && { classWeights }),
  };
}

export function dropoutRates(config: BertConfig): DropoutRates {
  return {
    hidden: config.hiddenDropoutProb,
    attention: config.attentionProbsDropoutProb,
    classifier: config.classifierDropout ?? config.hiddenDropoutProb,
  };
}
