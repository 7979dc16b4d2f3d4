import { readFileSync } from 'node:fs';

const folder = new URL('../demo-lists/', import.meta.url);

/**
 * @typedef {'gene-symbols' | 'protein-names' | 'rna-genes' | 'cell-types' | 'cell-lines' | 'tissues'} List
 * @typedef {Record<List, string[]>} Names
 */

/** @type {readonly List[]} */
const ONE_A_LINE = ['protein-names', 'cell-types', 'cell-lines', 'tissues'];
/** @type {readonly List[]} */
const MANY_A_LINE = ['gene-symbols', 'rna-genes'];

/** The names that one part of the corpus uses, by list. @param {'train' | 'test'} part @returns {Names} */
export function readNames(part) {
  return /** @type {Names} */ (
    Object.fromEntries([
      ...ONE_A_LINE.map(list => [list, readLines(`${part}/${list}`)]),
      ...MANY_A_LINE.map(list => [list, readLines(`${part}/${list}`).flatMap(line => line.split(' '))]),
    ])
  );
}

/** Lines of a list, without comments. @param {string} list */
export function readLines(list) {
  const lines = readFileSync(new URL(`${list}.txt`, folder), 'utf8').split('\n');
  return lines.filter(line => line !== '' && !line.startsWith('#'));
}
