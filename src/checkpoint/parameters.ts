import type { BertConfig } from './config.ts';

/** A parameter of the model, under the name that transformers gives it. */
export interface ParameterShape {
  name: string;
  shape: number[];
}

type Geometry = Pick<
  BertConfig,
  | 'vocabSize'
  | 'hiddenSize'
  | 'numHiddenLayers'
  | 'intermediateSize'
  | 'maxPositionEmbeddings'
  | 'typeVocabSize'
>;

/** The parameters of BertForTokenClassification, in the order in which transformers registers them. */
export function parameterShapes(config: Geometry, numLabels: number): ParameterShape[] {
  const { hiddenSize: hidden, intermediateSize: intermediate } = config;
  const layers = Array.from({ length: config.numHiddenLayers }, (_, layer) =>
    layerShapes(`bert.encoder.layer.${layer}`, hidden, intermediate),
  );
  return [
    { name: 'bert.embeddings.word_embeddings.weight', shape: [config.vocabSize, hidden] },
    { name: 'bert.embeddings.position_embeddings.weight', shape: [config.maxPositionEmbeddings, hidden] },
    { name: 'bert.embeddings.token_type_embeddings.weight', shape: [config.typeVocabSize, hidden] },
    ...layerNorm('bert.embeddings.LayerNorm', hidden),
    ...layers.flat(),
    ...linear('classifier', hidden, numLabels),
  ];
}

/** The number of elements of all parameters; inexact, or infinite, only where it is far too large. */
export function parameterCount(config: Geometry, numLabels: number): number {
  const { hiddenSize: hidden, intermediateSize: intermediate } = config;
  const embeddings = (config.vocabSize + config.maxPositionEmbeddings + config.typeVocabSize + 2) * hidden;
  const layer = layerShapes('', hidden, intermediate).reduce(
    (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );
  return embeddings + config.numHiddenLayers * layer + (hidden + 1) * numLabels;
}

function layerShapes(prefix: string, hidden: number, intermediate: number): ParameterShape[] {
  return [
    ...linear(`${prefix}.attention.self.query`, hidden, hidden),
    ...linear(`${prefix}.attention.self.key`, hidden, hidden),
    ...linear(`${prefix}.attention.self.value`, hidden, hidden),
    ...linear(`${prefix}.attention.output.dense`, hidden, hidden),
    ...layerNorm(`${prefix}.attention.output.LayerNorm`, hidden),
    ...linear(`${prefix}.intermediate.dense`, hidden, intermediate),
    ...linear(`${prefix}.output.dense`, intermediate, hidden),
    ...layerNorm(`${prefix}.output.LayerNorm`, hidden),
  ];
}

function linear(name: string, inputs: number, outputs: number): ParameterShape[] {
  return [
    { name: `${name}.weight`, shape: [outputs, inputs] },
    { name: `${name}.bias`, shape: [outputs] },
  ];
}

function layerNorm(name: string, hidden: number): ParameterShape[] {
  return [
    { name: `${name}.weight`, shape: [hidden] },
    { name: `${name}.bias`, shape: [hidden] },
  ];
}
