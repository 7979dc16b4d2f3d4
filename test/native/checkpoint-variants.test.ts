import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readCheckpoint } from '../../src/checkpoint/read-checkpoint.ts';
import type { TensorLocation } from '../../src/engine/addon.ts';
import { BertForTokenClassification } from '../../src/model/bert-for-token-classification.ts';
import { checkpoint, goldenIndex } from '../support/checkpoints.ts';
import { attended, goldenBatch, packedOf } from '../support/golden-batches.ts';
import { largestDifference } from '../support/numbers.ts';
import { float32, readSafetensors } from '../support/safetensors.ts';
import { fixture } from '../support/shared.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { tinyModel } from '../support/train-golden.ts';

const tensors = readSafetensors(fixture('goldens', 'forward.safetensors'));
const batch = goldenBatch(tensors);
const expectedLogits: Record<string, string> = {
  'fp16-safetensors': 'fp16_weights.logits',
  'bf16-safetensors': 'bf16_weights.logits',
};

/** Gives a model the classifier of the golden token-classification model. */
async function takeClassifier(model: BertForTokenClassification): Promise<void> {
  const entries = await readCheckpoint(tinyModel);
  const classifier = entries.filter(({ name }) => name.startsWith('classifier.'));
  await model.session.load(
    classifier.map(({ name, file, offset, dtype }) => ({
      parameter: name,
      file,
      offset,
      dtype: dtype as TensorLocation['dtype'],
    })),
  );
}

for (const [variant, { missing }] of Object.entries(goldenIndex.variants)) {
  test(`${variant} gives the logits of PyTorch, padded and packed`, async t => {
    await using model = await BertForTokenClassification.fromPretrained(checkpoint(variant), {
      id2label: goldenIndex.labels,
    });
    t.deepEqual([...model.newlyInitialised].sort(), [...missing].sort());
    if (missing.length > 0) await takeClassifier(model);
    const labels = goldenIndex.labels.length;
    const expected = attended(float32(tensors, expectedLogits[variant] ?? 'logits'), batch, labels);
    const packed = await model.forward(packedOf(batch));
    t.true(largestDifference(packed.logits, expected) <= 1e-5);
    const padded = await model.forward(batch);
    t.true(largestDifference(attended(padded.logits, batch, labels), expected) <= 1e-5);
  });
}

for (const form of ['legacy', 'zip']) {
  const folder = fixture('strided', form);
  test(`a ${form} pickle of transposed views, shared storages and mixed types gives the logits of PyTorch`, async t => {
    const golden = readSafetensors(fixture('strided', 'golden.safetensors'));
    const strided = goldenBatch(golden);
    await using model = await BertForTokenClassification.fromPretrained(folder);
    const { logits, shape } = await model.forward(strided);
    t.deepEqual(shape, [3, 9, 2]);
    const difference = largestDifference(
      attended(logits, strided, 2),
      attended(float32(golden, 'logits'), strided, 2),
    );
    t.true(difference <= 1e-5, `${difference}`);
  });
}

test('a token classifier whose config.json names no labels has the two that transformers leaves out', async t => {
  await using model = await BertForTokenClassification.fromPretrained(fixture('strided', 'zip'));
  t.deepEqual(model.config.id2label, { 0: 'LABEL_0', 1: 'LABEL_1' });
  t.deepEqual(model.config.label2id, { LABEL_0: 0, LABEL_1: 1 });
  t.deepEqual(model.newlyInitialised, []);
  await using named = await BertForTokenClassification.fromPretrained(fixture('strided', 'zip'), {
    id2label: ['O', 'B-x'],
  });
  t.deepEqual(named.config.id2label, { 0: 'O', 1: 'B-x' });
  t.deepEqual(named.newlyInitialised, []);
});

test('a token classifier of another number of labels than config.json says is refused', async t => {
  const folder = await temporaryFolder(t);
  const { id2label, label2id, ...config } = JSON.parse(
    await readFile(join(tinyModel, 'config.json'), 'utf8'),
  );
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  await copyFile(join(tinyModel, 'model.safetensors'), join(folder, 'model.safetensors'));
  await t.throwsAsync(BertForTokenClassification.fromPretrained(folder), {
    message: /expected shape \[2,32\] for classifier\.weight but found \[11,32\].*Give id2label or numLabels/,
  });
});
