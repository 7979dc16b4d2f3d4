import { readFileSync } from 'node:fs';
import test from 'ava';
import { IGNORE_INDEX } from '../../src/batch.ts';
import { OptionError } from '../../src/errors.ts';
import {
  BertForTokenClassificationCustom,
  type CustomInputs,
} from '../../src/model/bert-for-token-classification-custom.ts';
import { goldenBatch } from '../support/golden-batches.ts';
import { largestDifference } from '../support/numbers.ts';
import { float32, readSafetensors } from '../support/safetensors.ts';
import { fixture } from '../support/shared.ts';
import { loaderOf, sentences, smallModel } from '../support/small-training.ts';
import { tinyModel } from '../support/train-golden.ts';

const tensors = readSafetensors(fixture('goldens', 'forward.safetensors'));
const batch = goldenBatch(tensors);
const { cross_entropy: golden }: { cross_entropy: { losses: number[][]; mean: number } } = JSON.parse(
  readFileSync(fixture('lr-finder', 'golden.json'), 'utf8'),
);

test('logits are (batch, labels, length): PyTorch’s cross-entropy of them is the golden one', async t => {
  await using model = await BertForTokenClassificationCustom.fromPretrained(tinyModel);
  const inputs = Object.assign([batch.inputIds, batch.attentionMask, batch.tokenTypeIds] as const, {
    shape: batch.shape,
  });
  const { logits, shape } = await model.forward(inputs as unknown as CustomInputs);
  const [rows, labels, length] = shape;
  t.deepEqual(shape, [4, 11, 24]);
  const losses = Array.from({ length: rows * length }, (_, position) => {
    const target = batch.labels[position] ?? IGNORE_INDEX;
    if (target === IGNORE_INDEX) return 0;
    const [row, piece] = [Math.floor(position / length), position % length];
    const logit = (label: number) => logits[(row * labels + label) * length + piece] ?? Number.NaN;
    const exponentials = Array.from({ length: labels }, (_, label) => Math.exp(logit(label)));
    return Math.log(exponentials.reduce((sum, value) => sum + value)) - logit(target);
  });
  t.true(largestDifference(losses, golden.losses.flat()) <= 1e-5);
  const counted = batch.labels.filter(label => label !== IGNORE_INDEX).length;
  const mean = losses.reduce((sum, value) => sum + value) / counted;
  t.true(Math.abs(mean - golden.mean) <= 1e-6);
});

test('the inputs of a loader in the form of bertHugging: false are taken; without a shape they are one row', async t => {
  await using small = await smallModel();
  const loader = loaderOf(small, sentences(3), { packed: false }, { bertHugging: false });
  const [tuple] = [...loader] as [CustomInputs, Int32Array][];
  await using model = await BertForTokenClassificationCustom.fromPretrained(tinyModel);
  const inputs = tuple?.[0] ?? ([] as never);
  const { shape } = await model.forward(inputs);
  t.deepEqual(shape, [3, 11, inputs[0].length / 3]);

  const row = await model.forward([
    batch.inputIds.slice(0, 24),
    batch.attentionMask.slice(0, 24),
    batch.tokenTypeIds.slice(0, 24),
  ]);
  t.deepEqual(row.shape, [1, 11, 24]);
  const expected = float32(tensors, 'logits');
  for (let label = 0; label < 11; label++) {
    t.true(Math.abs((row.logits[label * 24 + 2] ?? Number.NaN) - (expected[2 * 11 + label] ?? 0)) <= 1e-5);
  }
  await t.throwsAsync(model.forward(tuple as unknown as CustomInputs), { instanceOf: OptionError });
});

test('it is configured, saved and freed as the model below', async t => {
  const model = await BertForTokenClassificationCustom.fromPretrained(tinyModel, { hiddenDropoutProb: 0.3 });
  t.is(model.config.hiddenDropoutProb, 0.3);
  t.is(model.parameters().length, model.model.parameters().length);
  await model.dispose();
  await t.throwsAsync(model.forward([Int32Array.of(1), Int32Array.of(1), Int32Array.of(0)]), {
    code: 'ERR_DISPOSED',
  });
});
