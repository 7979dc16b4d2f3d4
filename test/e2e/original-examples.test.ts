import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { AutoModelForTokenClassification, AutoTokenizer, pipeline } from '../../src/index.ts';
import { checkpoint } from '../support/checkpoints.ts';
import { pieceGoldens } from '../support/pipeline-goldens.ts';
import { projectRoot } from '../support/shared.ts';

/* The two examples of the original's README, line for line. */

const run = promisify(execFile);
const folder = checkpoint('tc-safetensors');
const goldens = pieceGoldens('cases');
/** A text with what transformers makes of each of its pieces, and the same without O. */
const everyPiece = goldens.find(({ ignoreLabels }) => ignoreLabels?.length === 0);
const text = everyPiece?.text ?? '';
const withoutO = goldens.find(golden => golden.text === text && golden.ignoreLabels === undefined);

test('use the pipeline', async t => {
  const nlpNer = await pipeline('ner', { model: folder, tokenizer: folder });
  const entities = await nlpNer(text);
  await nlpNer.dispose();
  t.deepEqual(
    entities.map(({ word, entity }) => ({ word, entity })),
    withoutO?.entities.map(({ word, entity }) => ({ word, entity })),
  );
});

test('load model and tokenizer', async t => {
  // Load model
  const tokenizer = await AutoTokenizer.fromPretrained(folder);
  const model = await AutoModelForTokenClassification.fromPretrained(folder);
  // Get input for BERT
  const inputIds = Int32Array.from(tokenizer.encode(text).ids);
  // Predict
  const { logits, shape } = await model.forward({ inputIds, shape: [1, inputIds.length] });
  await model.dispose();
  // Without [CLS] and [SEP]
  const labels = shape.at(-1) ?? 0;
  const predictions = Array.from(inputIds, (_, i) => {
    const row = logits.subarray(i * labels, (i + 1) * labels);
    return row.indexOf(Math.max(...row));
  }).slice(1, -1);
  // Map label ids to labels
  const lines = tokenizer
    .tokenize(text)
    .map((token, i) => `${token} -> ${model.config.id2label[predictions[i] ?? -1]}`);
  t.deepEqual(
    lines,
    everyPiece?.entities.map(({ word, entity }) => `${word} -> ${entity}`),
  );
});

const predict = (...args: string[]) =>
  run(
    process.execPath,
    ['--import', './test/support/nerbert-from-source.mjs', join('examples', 'predict.mjs'), ...args],
    { cwd: projectRoot },
  );

test('examples/predict.mjs prints both', async t => {
  const { stdout } = await predict(folder, text);
  const pieces = everyPiece?.entities.map(({ word, entity }) => `${word} -> ${entity}\n`).join('') ?? '';
  t.true(stdout.startsWith(pieces), stdout);
  const printed = stdout.slice(pieces.length);
  t.deepEqual(
    [...printed.matchAll(/entity: '(.*)'/g)].map(match => match[1]),
    withoutO?.entities.map(({ entity }) => entity),
  );
});

test('examples/predict.mjs knows the original’s sentence', async t => {
  const { stdout } = await predict(folder);
  t.regex(stdout, /^M -> /);
});

test('examples/predict.mjs says how it is called', async t => {
  await t.throwsAsync(predict(), { code: 2, message: /Usage: node examples\/predict\.mjs/ } as object);
});
