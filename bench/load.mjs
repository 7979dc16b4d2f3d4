// @ts-check
/*
 * Time and memory of loading a checkpoint whose files are in the page cache. Prints one JSON object: seconds of model and
 * tokenizer (median), size of the weights, and by how much the highest resident memory rises over the process with libtorch
 * loaded, both in MB.
 *
 *   node bench/load.mjs MODEL [rounds]
 */
import { AutoTokenizer, BertForTokenClassification, readCheckpoint } from 'nerbert';
import { median } from './figures.mjs';
import { memoryMb } from './memory.mjs';

const [folder, count = '5'] = process.argv.slice(2);
if (!folder) {
  console.error('Usage: node bench/load.mjs MODEL [rounds]');
  process.exit(2);
}

/** @param {() => Promise<unknown>} work */
async function seconds(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

const labels = Array.from({ length: 11 }, (_, i) => `LABEL_${i}`);
const load = () => BertForTokenClassification.fromPretrained(folder, { id2label: labels, device: 'cpu' });

// A model of nothing loads libtorch and starts the engine's threads.
const tiny = { vocabSize: 8, hiddenSize: 8, numHiddenLayers: 1, numAttentionHeads: 1, intermediateSize: 8 };
const first = await BertForTokenClassification.fromConfig(tiny, { id2label: labels, device: 'cpu' });
await first.forward({ inputIds: Int32Array.of(1, 2), shape: [1, 2] });
await first.dispose();

const before = memoryMb('VmRSS');
const coldSeconds = await seconds(async () => await (await load()).dispose());
const rise = memoryMb('VmHWM') - before;

const model = [];
const tokenizer = [];
for (let round = 0; round < Number(count); round++) {
  /** @type {BertForTokenClassification | undefined} */
  let loaded;
  model.push(
    await seconds(async () => {
      loaded = await load();
    }),
  );
  await loaded?.dispose();
  tokenizer.push(await seconds(() => AutoTokenizer.fromPretrained(folder)));
}
const bytes = (await readCheckpoint(folder)).reduce((sum, { dtype, shape }) => {
  const width = { float64: 8, float32: 4, float16: 2, bfloat16: 2, int64: 8 }[String(dtype)] ?? 4;
  return sum + width * shape.reduce((product, size) => product * size, 1);
}, 0);
console.log(
  JSON.stringify({
    model_s: median(model),
    first_s: coldSeconds,
    tokenizer_s: median(tokenizer),
    weights_mb: bytes / 2 ** 20,
    rise_mb: rise,
    rise_of_weights: rise / (bytes / 2 ** 20),
  }),
);
