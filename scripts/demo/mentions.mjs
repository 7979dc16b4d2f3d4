/**
 * @typedef {import('./lists.mjs').Names} Names
 * @typedef {import('./random.mjs').Random} Random
 * @typedef {(names: Names, random: Random) => string} Form
 */

const CELL_STATES = ['activated', 'resting', 'human', 'murine', 'CD4+', 'CD8+', 'CD34+'];

/**
 * How an entity of each type is worded. What a name means depends on the words beside it: `MYC` is a protein, `MYC gene`
 * DNA, `MYC mRNA` RNA; `T cells` are a cell type, `T cell line` a cell line.
 *
 * @type {Record<string, Form[]>}
 */
const FORMS = {
  protein: [
    ...times(6, symbol),
    ...times(2, proteinName),
    (names, random) =>
      `${symbol(names, random)} ${random.pick(['protein', 'receptor', 'gene product', 'isoform'])}`,
  ],
  DNA: [
    ...times(2, (names, random) => `${symbol(names, random)} gene`),
    ...times(2, (names, random) => `${symbol(names, random)} promoter`),
    (names, random) =>
      `${symbol(names, random)} ${random.pick(['enhancer', 'locus', 'cDNA', 'promoter region'])}`,
    (names, random) => `${proteinName(names, random)} ${random.pick(['gene', 'promoter', 'locus'])}`,
  ],
  RNA: [
    ...times(3, (names, random) => `${symbol(names, random)} mRNA`),
    (names, random) =>
      `${symbol(names, random)} ${random.pick(['transcripts', 'messenger RNA', 'pre-mRNA'])}`,
    (names, random) => `${proteinName(names, random)} mRNA`,
    (names, random) => random.pick(names['rna-genes']),
  ],
  cell_type: [...times(4, cells), (names, random) => `${random.pick(CELL_STATES)} ${cells(names, random)}`],
  cell_line: [
    cellLine,
    ...times(3, (names, random) => `${cellLine(names, random)} cells`),
    (names, random) => `${cellLine(names, random)} ${random.pick(['cell line', 'clones', 'transfectants'])}`,
    genericLine,
  ],
};

/** The words of an entity. @param {string} type @param {Names} names @param {Random} random */
export function mention(type, names, random) {
  const forms = FORMS[type];
  if (!forms) throw new Error(`No entity type ${type}`);
  return random.pick(forms)(names, random);
}

/** @param {Names} names @param {Random} random */
export function symbol(names, random) {
  return random.pick(names['gene-symbols']);
}

/** @param {Names} names @param {Random} random */
function proteinName(names, random) {
  return random.pick(names['protein-names']);
}

/** @param {Names} names @param {Random} random */
function cells(names, random) {
  return `${random.pick(names['cell-types'])}s`;
}

/** @param {Names} names @param {Random} random */
function cellLine(names, random) {
  return random.pick(names['cell-lines']);
}

/** `T cell line`, `fibroblast cell lines`. @param {Names} names @param {Random} random */
function genericLine(names, random) {
  const type = random.pick(names['cell-types']);
  return `${type}${type.endsWith(' cell') ? '' : ' cell'} ${random.pick(['line', 'lines'])}`;
}

/** @param {number} count @param {Form} form @returns {Form[]} */
function times(count, form) {
  return Array(count).fill(form);
}
