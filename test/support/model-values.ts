import type { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';

/** Every parameter of a model by its name. */
export function parametersOf(model: BertForTokenClassification): Promise<Map<string, Float32Array>> {
  return read(model, name => model.session.readParameter(name));
}

/** Every gradient as the last step left it. */
export function gradientsOf(model: BertForTokenClassification): Promise<Map<string, Float32Array>> {
  return read(model, name => model.session.readGradient(name));
}

async function read(
  model: BertForTokenClassification,
  valuesOf: (name: string) => Promise<Float32Array>,
): Promise<Map<string, Float32Array>> {
  const entries = model.parameters().map(async ({ name }) => [name, await valuesOf(name)] as const);
  return new Map(await Promise.all(entries));
}
