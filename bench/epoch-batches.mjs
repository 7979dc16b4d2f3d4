// @ts-check
/* The batches that stand for an epoch: drawn as the reference draws its own, so that both time the same kind of batches. */
import { DataLoader, NerDataset } from 'nerbert';
import { permutation } from '../dist/data/shuffle.js';

const SEED = 42;

/**
 * @typedef {object} Drawn
 * @property {DataLoader[]} batches each a loader of one batch whose sentences are encoded, as in a run
 * @property {number} updates full batches of the epoch
 * @property {number} epochs the whole epoch in units of its full batches
 */

/**
 * The full batches of an epoch, ranked by their pieces, and of `count` equal parts of this ranking the middle ones; in a
 * random order, for an allocator that meets ever larger batches behaves otherwise.
 *
 * @param {NerDataset} dataset
 * @param {{ batchSize: number, groupByLength: boolean, longSentences: 'windows' | 'cut', count: number }} options
 * @returns {Promise<Drawn>}
 */
export async function drawBatches(dataset, { batchSize, groupByLength, longSentences, count }) {
  await dataset.prepare();
  const loader = new DataLoader({ dataset, batchSize, shuffle: true, groupByLength, seed: SEED });
  const order = Array.from(loader.order(0));
  const pieces = (/** @type {number[]} */ batch) =>
    batch.reduce((sum, sentence) => sum + dataset.pieceCount(sentence), 0);
  const full = Array.from({ length: Math.floor(order.length / batchSize) }, (_, i) => {
    const sentences = order.slice(i * batchSize, (i + 1) * batchSize);
    return { sentences, pieces: pieces(sentences) };
  }).toSorted((a, b) => a.pieces - b.pieces);
  if (full.length === 0)
    throw new Error(
      `Expected at least ${batchSize} sentences, for a batch, but the file has ${order.length}`,
    );
  const drawn = Math.min(count, full.length);
  const batches = [];
  for (const part of permutation(drawn, SEED, 0)) {
    const { sentences } = full[Math.floor(((part + 0.5) * full.length) / drawn)] ?? { sentences: [] };
    const samples = sentences.flatMap(sentence => dataset.samples[sentence] ?? []);
    const { tokenizer, labels2ind, maxLenSeq } = dataset;
    const one = new NerDataset({ dataset: samples, tokenizer, labels2ind, maxLenSeq });
    await one.prepare();
    batches.push(new DataLoader({ dataset: one, batchSize, longSentences }));
  }
  return { batches, updates: full.length, epochs: order.length / (full.length * batchSize) };
}
