// @ts-check
/*
 * What a process does with a corpus before its first step, once, as a run does: reading the file, encoding its sentences,
 * making the batches of an epoch. Prints one JSON object: seconds of each, words per second of encoding, highest memory.
 *
 *   node bench/prepare.mjs FILE.iob2 MODEL
 */
import { AutoTokenizer, DataLoader, getLabels, NerDataset, readDataFromFile } from 'nerbert';
import { memoryMb } from './memory.mjs';

const [file, folder] = process.argv.slice(2);
if (!file || !folder) {
  console.error('Usage: node bench/prepare.mjs FILE.iob2 MODEL');
  process.exit(2);
}

const tokenizer = await AutoTokenizer.fromPretrained(folder);

const begin = performance.now();
const samples = await readDataFromFile(file);
const read = performance.now();
const { labels2ind } = getLabels(samples);
const dataset = new NerDataset({ dataset: samples, tokenizer, labels2ind, maxLenSeq: 128 });
await dataset.prepare();
const encoded = performance.now();
for (const _ of new DataLoader({ dataset, batchSize: 32, shuffle: true, groupByLength: true }));
const batched = performance.now();

const words = samples.reduce((sum, sample) => sum + sample.words.length, 0);
console.log(
  JSON.stringify({
    sentences: samples.length,
    words,
    read_s: (read - begin) / 1000,
    encode_s: (encoded - read) / 1000,
    batches_s: (batched - encoded) / 1000,
    prepare_s: (encoded - begin) / 1000,
    words_per_s: (words / (encoded - read)) * 1000,
    peak_rss_mb: memoryMb('VmHWM'),
  }),
);
