import { readFileSync } from 'node:fs';
import test from 'ava';
import {
  type BertConfig,
  configFromOption,
  parseConfig,
  readConfig,
  withLabels,
} from '../../../src/checkpoint/config.ts';
import { configToJson } from '../../../src/checkpoint/config-json.ts';
import { readJsonObject } from '../../../src/checkpoint/json.ts';
import { CheckpointError, OptionError } from '../../../src/errors.ts';
import { checkpoint, goldenIndex, hostileFiles } from '../../support/checkpoints.ts';

const folder = checkpoint('tc-safetensors');
const golden = JSON.parse(readFileSync(checkpoint('tc-safetensors', 'config.json'), 'utf8'));

test('reads what transformers writes', async t => {
  const { config } = await readConfig(folder);
  const expected: BertConfig = {
    vocabSize: 400,
    hiddenSize: 32,
    numHiddenLayers: 2,
    numAttentionHeads: 4,
    intermediateSize: 64,
    maxPositionEmbeddings: 64,
    typeVocabSize: 2,
    hiddenAct: 'gelu',
    layerNormEps: 1e-12,
    hiddenDropoutProb: 0.1,
    attentionProbsDropoutProb: 0.1,
    classifierDropout: null,
    initializerRange: 0.02,
    padTokenId: 0,
    id2label: golden.id2label,
    label2id: golden.label2id,
  };
  t.deepEqual(config, expected);
  t.deepEqual(Object.values(config.id2label), goldenIndex.labels);
});

test('a config of 2020 without model type, labels and epsilon gets the defaults', async t => {
  const { config } = await readConfig(checkpoint('legacy-bin'));
  t.is(config.layerNormEps, 1e-12);
  t.deepEqual(config.id2label, {});
});

test('writes, with the unknown keys, the text that transformers writes', async t => {
  const { config, json } = await readConfig(folder);
  t.is(configToJson(config, json), readFileSync(checkpoint('tc-safetensors', 'config.json'), 'utf8'));
});

test('what is written replaces labels and dtype of the base', t => {
  const config = withLabels(parseConfig({ ...golden }, 'config.json'), ['O', '__proto__']);
  const written = JSON.parse(configToJson(config, { ...golden, torch_dtype: 'float16', custom: [1] }));
  t.deepEqual(Object.entries(written.id2label), [
    ['0', 'O'],
    ['1', '__proto__'],
  ]);
  t.deepEqual(Object.entries(written.label2id), [
    ['O', 0],
    ['__proto__', 1],
  ]);
  t.deepEqual([written.dtype, written.torch_dtype, written.custom], ['float32', undefined, [1]]);
});

for (const { file, problem } of hostileFiles) {
  // config-layers-more is sound by itself; it contradicts the weights.
  if (!file.startsWith('config-') || file === 'config-layers-more.json') continue;
  test(`refuses ${file}: ${problem}`, async t => {
    const path = checkpoint('hostile', file);
    const read = async () => parseConfig(await readJsonObject(path), path);
    const error = await t.throwsAsync(read, { instanceOf: CheckpointError });
    t.true(error.message.startsWith(`${path}: `), error.message);
  });
}

const refused: [string, object, RegExp][] = [
  ['a missing size', { hidden_size: undefined }, /integer from 1 for hidden_size but found nothing/],
  ['a fraction', { intermediate_size: 64.5 }, /integer from 1 for intermediate_size but found 64.5/],
  ['relative positions', { position_embedding_type: 'relative_key' }, /"absolute".*found "relative_key"/],
  ['a decoder', { is_decoder: true }, /false .*for is_decoder but found true/],
  ['dropout 1', { hidden_dropout_prob: 1 }, /probability below 1 for hidden_dropout_prob but found 1/],
  ['epsilon 0', { layer_norm_eps: 0 }, /above 0 for layer_norm_eps/],
  ['a padding id outside the vocabulary', { pad_token_id: 400 }, /id below vocab_size 400 for pad_token_id/],
  ['contradicting num_labels', { num_labels: 3 }, /11, the number of labels in id2label, for num_labels/],
  ['a label twice', { id2label: ['O', 'O'], label2id: undefined }, /labels that differ .*found "O"/],
  ['an empty label', { id2label: { 0: '' }, label2id: null }, /non-empty string for id2label\[0\]/],
  ['no labels', { id2label: {}, label2id: undefined }, /at least one label/],
  ['ids from 1', { id2label: { 1: 'O', 2: 'B-x' }, label2id: undefined }, /without a gap .*no label 0/],
  ['deeply nested nonsense', { vocab_size: JSON.parse('['.repeat(2e5) + ']'.repeat(2e5)) }, /an array of 1/],
];

for (const [what, change, message] of refused) {
  test(`refuses ${what}`, t => {
    t.throws(() => parseConfig({ ...golden, ...change }, 'config.json'), {
      instanceOf: CheckpointError,
      message,
    });
  });
}

test('labels may be a list, or given by label2id or num_labels alone', t => {
  const labelsOf = (change: object) =>
    parseConfig({ ...golden, id2label: undefined, label2id: undefined, ...change }, 'config.json').id2label;
  t.deepEqual(labelsOf({ id2label: ['O', 'B-x'] }), { 0: 'O', 1: 'B-x' });
  t.deepEqual(labelsOf({ label2id: { 'B-x': 1, O: 0 } }), { 0: 'O', 1: 'B-x' });
  t.deepEqual(labelsOf({ num_labels: 2 }), { 0: 'LABEL_0', 1: 'LABEL_1' });
});

test('gelu_pytorch_tanh is gelu_new under another name', t => {
  t.is(parseConfig({ ...golden, hidden_act: 'gelu_pytorch_tanh' }, 'config.json').hiddenAct, 'gelu_new');
});

test('an option may have the keys of config.json or those of a loaded config', async t => {
  const { config } = await readConfig(folder);
  t.deepEqual(configFromOption(golden).config, config);
  t.deepEqual(configFromOption(config).config, config);
});

const refusedOptions: [string, unknown, RegExp][] = [
  ['a string', 'bert', /object like config.json for config/],
  ['a misspelt key', { ...golden, hiddenSiz: 32 }, /only keys of config.json or vocabSize.*"hiddenSiz"/],
  ['both forms of a key', { ...golden, hiddenSize: 32 }, /either hidden_size or its name in camelCase/],
  ['a bad value', { ...golden, hidden_size: '32' }, /integer from 1 for config.hidden_size.*"32"/],
];

for (const [what, option, message] of refusedOptions) {
  test(`an option that is ${what} is refused`, t => {
    t.throws(() => configFromOption(option), { instanceOf: OptionError, message });
  });
}
