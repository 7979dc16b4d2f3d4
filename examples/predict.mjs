/*
 * Named entities of a sentence by a fine-tuned checkpoint, twice: piece by piece from the model's logits, and with
 * the pipeline, which leaves out what is no entity.
 *
 *   node examples/predict.mjs <checkpoint folder> ["a sentence"]
 */
import { AutoModelForTokenClassification, AutoTokenizer, pipeline } from 'nerbert';

const [
  folder,
  text = 'Mouse thymus was used as a source of glucocorticoid receptor from normal CS lymphocytes.',
] = process.argv.slice(2);
if (folder === undefined) {
  console.error('Usage: node examples/predict.mjs <checkpoint folder> ["a sentence"]');
  process.exit(2);
}

const tokenizer = await AutoTokenizer.fromPretrained(folder);
const model = await AutoModelForTokenClassification.fromPretrained(folder);

const { ids } = tokenizer.encode(text);
const { logits, shape } = await model.forward({ inputIds: Int32Array.from(ids), shape: [1, ids.length] });
const labels = shape[2];
const predictions = ids.map((_, piece) => argmax(logits.subarray(piece * labels, (piece + 1) * labels)));
// Without [CLS] and [SEP], the first and the last.
const labelIds = predictions.slice(1, -1);
for (const [i, piece] of tokenizer.tokenize(text).entries()) {
  console.log(piece, '->', model.config.id2label[labelIds[i]]);
}

const ner = await pipeline('ner', { model, tokenizer });
console.log(await ner(text));

await ner.dispose();
await model.dispose();

function argmax(values) {
  return values.indexOf(Math.max(...values));
}
