import { copyFile, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readDataFromFile } from '../../src/data/conll.ts';
import { DataLoader } from '../../src/data/dataloader.ts';
import { NerDataset } from '../../src/data/dataset.ts';
import type { DataSample } from '../../src/data/sample.ts';
import { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';
import { AutoTokenizer } from '../../src/tokenization/auto-tokenizer.ts';
import { getOptimizerWithWeightDecay } from '../../src/training/optimizer.ts';
import { largestDifference } from '../support/numbers.ts';
import { readSafetensors } from '../support/safetensors.ts';
import { fixture, shared, testWith } from '../support/shared.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { noDropout } from '../support/train-golden.ts';

interface Golden {
  id2label: string[];
  order: number[];
  steps: { lr: number; loss: number }[];
  evaluation: { eval_words: number; val_loss_per_word: number; word_accuracy: number };
  test_sentences: { words: string[]; input_ids: number[] }[];
  logits_before: number[][][];
  logits_after: number[][][];
}

const encoder = shared('models', 'all-MiniLM-L6-v2');
const training = shared('data', 'jnlpba', 'train.iob2');
const held = shared('data', 'jnlpba', 'test.iob2');
const goldenFolder = fixture('goldens', 'minilm_jnlpba');

/** The encoder and the golden's classifier as two shards of one checkpoint. */
async function writeCheckpoint(folder: string): Promise<void> {
  const shards = {
    'model-00001-of-00002.safetensors': join(encoder, 'model.safetensors'),
    'model-00002-of-00002.safetensors': join(goldenFolder, 'classifier.safetensors'),
  };
  const shardOf: Record<string, string> = {};
  for (const [shard, path] of Object.entries(shards)) {
    await symlink(path, join(folder, shard));
    for (const name of Object.keys(readSafetensors(path))) shardOf[name] = shard;
  }
  await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: shardOf }));
  await copyFile(join(encoder, 'config.json'), join(folder, 'config.json'));
}

testWith(
  test,
  encoder,
  training,
  held,
)('twenty updates of MiniLM on JNLPBA are those of PyTorch, loss by loss', async t => {
  const golden: Golden = JSON.parse(await readFile(join(goldenFolder, 'golden.json'), 'utf8'));
  const folder = await temporaryFolder(t);
  await writeCheckpoint(folder);
  await using model = await BertForTokenClassification.fromPretrained(folder, {
    ...noDropout,
    id2label: golden.id2label,
    device: 'cpu',
  });

  const checkLogits = async (expected: number[][][], tolerance: number, when: string): Promise<void> => {
    for (const [i, { input_ids }] of golden.test_sentences.entries()) {
      const inputIds = Int32Array.from(input_ids);
      const { logits } = await model.forward({ inputIds, boundaries: Int32Array.of(0, inputIds.length) });
      t.true(largestDifference(logits, expected[i]?.flat() ?? []) <= tolerance, `${when}, sentence ${i}`);
    }
  };
  await checkLogits(golden.logits_before, 1e-4, 'before');

  const tokenizer = await AutoTokenizer.fromPretrained(encoder);
  const labels2ind = Object.fromEntries(golden.id2label.map((tag, id) => [tag, id]));
  const batchesOf = (dataset: DataSample[]): DataLoader =>
    new DataLoader({
      dataset: new NerDataset({ dataset, tokenizer, labels2ind, maxLenSeq: 128 }),
      batchSize: 32,
      longSentences: 'cut',
    });
  const sentences = await readDataFromFile(training);
  const order = golden.order.map(i => sentences[i]).filter(sentence => sentence !== undefined);
  t.is(order.length, 640);
  const optimizer = getOptimizerWithWeightDecay({
    model,
    optimizer: 'adamw',
    learningRate: 5e-5,
    weightDecay: 0.01,
  });
  const batches = [...batchesOf(order)];
  t.is(batches.length, golden.steps.length);
  for (const [k, { lr, loss: expected }] of golden.steps.entries()) {
    const { loss } = await model.trainStep(batches.slice(k, k + 1), {
      optimizer,
      learningRate: lr,
      clipping: 1,
    });
    t.true(Math.abs(loss - expected) <= 1e-4, `update ${k}: ${loss}, expected ${expected}`);
  }
  await checkLogits(golden.logits_after, 2e-3, 'after');

  let [right, words, loss] = [0, 0, 0];
  for (const batch of batchesOf((await readDataFromFile(held)).slice(0, 200))) {
    const labels = Array.isArray(batch) ? batch[1] : batch.labels;
    const targets = labels?.filter(label => label !== -100);
    const { predictions, lossSum, lossWeight } = await model.predictLabelled(batch);
    right += predictions.filter((label, i) => label === targets?.[i]).length;
    words += lossWeight;
    loss += lossSum;
  }
  t.is(words, golden.evaluation.eval_words);
  t.true(Math.abs(right / words - golden.evaluation.word_accuracy) <= 2e-4);
  t.true(Math.abs(loss / words - golden.evaluation.val_loss_per_word) <= 1e-4);
});
