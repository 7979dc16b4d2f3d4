/** What BERT's predecessors in TensorFlow called weight and bias of a layer normalisation. */
const layerNormNames = new Map([
  ['gamma', 'weight'],
  ['beta', 'bias'],
]);

/** Modules of a bare BertModel, whose names have no `bert.` in front. */
const bareModules = ['embeddings.', 'encoder.', 'pooler.'];

/** The name in BertForTokenClassification of what a checkpoint stores as `stored`. */
export function parameterName(stored: string): string {
  const name = stored.replace(/(?<=LayerNorm\.)(gamma|beta)$/, old => layerNormNames.get(old) ?? old);
  return bareModules.some(module => name.startsWith(module)) ? `bert.${name}` : name;
}

/** Parts of pre-trained checkpoints that token classification does without, by what the loading report calls them. */
const knownExtras: readonly [string, RegExp][] = [
  ['pre-training heads', /^cls\./],
  ['pooler', /^bert\.pooler\./],
  ['position ids', /^bert\.embeddings\.(position_ids|token_type_ids)$/],
];

/** What a stored tensor is if the model knowingly ignores it. */
export function knownExtra(stored: string): string | undefined {
  const name = parameterName(stored);
  return knownExtras.find(([, pattern]) => pattern.test(name))?.[0];
}
