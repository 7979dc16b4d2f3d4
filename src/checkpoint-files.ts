/* Names of the files of a checkpoint in the Hugging Face layout. */

export const configFile = 'config.json';

/** The files that may hold the weights, the preferred one first. An index names further files beside it. */
export const weightFiles = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
] as const;

/** The files of a tokenizer. */
export const tokenizerFileNames = {
  vocabTxt: 'vocab.txt',
  tokenizerJson: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
  specialTokensMap: 'special_tokens_map.json',
  addedTokens: 'added_tokens.json',
} as const;

/** Whether a name that an index gives is that of a file beside it, and leads nowhere else. */
export function isShardName(name: unknown): name is string {
  return typeof name === 'string' && /^\w[\w.+-]*$/.test(name) && !name.includes('..');
}
