// @ts-check
/* Parts of a corpus as files, so that both sides read the same. */
import { writeFile } from 'node:fs/promises';

/** @typedef {import('nerbert').DataSample} DataSample */

/** @param {string} file @param {DataSample[]} samples */
export async function writeIob2(file, samples) {
  const texts = samples.map(({ words, labels }) =>
    words.map((word, i) => `${word}\t${labels[i]}\n`).join(''),
  );
  await writeFile(file, texts.map(text => `${text}\n`).join(''));
}

/**
 * Sentences joined until each has at least `words` words, and with them at least as many pieces.
 *
 * @param {DataSample[]} samples
 * @param {number} words
 * @param {number} most sentences
 */
export function joinSentences(samples, words, most) {
  /** @type {DataSample[]} */
  const joined = [];
  /** @type {DataSample} */
  let open = { words: [], labels: [] };
  for (const sample of samples) {
    if (joined.length === most) break;
    open = { words: [...open.words, ...sample.words], labels: [...open.labels, ...sample.labels] };
    if (open.words.length < words) continue;
    joined.push(open);
    open = { words: [], labels: [] };
  }
  return joined;
}
