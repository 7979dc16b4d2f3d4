// @ts-check
/* Checkpoints of random weights, for sizes of which none is at hand. Both sides load them: the weights are equal. */
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AutoTokenizer, BertForTokenClassification, getLabels, readDataFromFile } from 'nerbert';

/** The reference's `--random`. */
export const SIZES = {
  tiny: { numHiddenLayers: 2, hiddenSize: 128, numAttentionHeads: 2, intermediateSize: 512 },
  minilm6: { numHiddenLayers: 6, hiddenSize: 384, numAttentionHeads: 12, intermediateSize: 1536 },
  base: { numHiddenLayers: 12, hiddenSize: 768, numAttentionHeads: 12, intermediateSize: 3072 },
};

/**
 * @param {{ size: keyof typeof SIZES, vocabFile: string, labelsFrom: string, folder: string }} options labelsFrom: an IOB2 file
 */
export async function makeRandomCheckpoint({ size, vocabFile, labelsFrom, folder }) {
  await mkdir(folder, { recursive: true });
  await copyFile(vocabFile, join(folder, 'vocab.txt'));
  const tokenizer = await AutoTokenizer.fromPretrained(folder, { doLowerCase: false });
  await tokenizer.savePretrained(folder);
  const { labels2ind } = getLabels(await readDataFromFile(labelsFrom));
  const config = { ...SIZES[size], vocabSize: tokenizer.vocabSize };
  const model = await BertForTokenClassification.fromConfig(config, {
    id2label: Object.keys(labels2ind),
    device: 'cpu',
    seed: 42,
  });
  await model.savePretrained(folder);
  await model.dispose();
}
