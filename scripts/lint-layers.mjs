// @ts-check
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * Checks that imports point down the layers only, and that the borders to other people's code are crossed in one place each:
 * @huggingface/tokenizers in tokenization/, @huggingface/hub in hub/, .node files in engine/native.ts, napi.h on the node side of native/.
 */

/**
 * What each layer may import besides itself and the files directly in src/.
 * @type {Map<string, string[]>}
 */
const BELOW = new Map(
  Object.entries({
    cli: [
      'training',
      'inference',
      'evaluation',
      'report',
      'model',
      'checkpoint',
      'data',
      'tokenization',
      'engine',
      'hub',
    ],
    training: ['inference', 'evaluation', 'report', 'model', 'checkpoint', 'data', 'tokenization', 'engine'],
    inference: ['model', 'checkpoint', 'data', 'tokenization', 'engine', 'hub'],
    evaluation: ['data', 'tokenization'],
    report: ['evaluation', 'data'],
    model: ['checkpoint', 'engine', 'hub'],
    checkpoint: [],
    data: ['tokenization'],
    tokenization: ['hub'],
    engine: [],
    hub: [],
  }),
);

/** The files of native/ that may know Node-API; all others are the torch side. */
const NODE_SIDE = /^(napi_setup\.h|(convert|courier|session)\.(h|cpp)|addon\.cpp|loader\/.*)$/;

/**
 * @typedef {object} Finding
 * @property {string} file relative to the root
 * @property {number} line
 * @property {string} rule
 */

/**
 * All breaches below a project's root.
 * @param {string} root
 * @returns {Finding[]}
 */
export function findBreaches(root) {
  return [
    ...filesIn(join(root, 'src'), /\.ts$/).flatMap(file => checkTypeScript(root, file)),
    ...filesIn(join(root, 'native'), /\.(h|cpp|cc)$/).flatMap(file => checkNative(root, file)),
  ];
}

/**
 * @param {string} root
 * @param {string} file
 */
function checkTypeScript(root, file) {
  const src = join(root, 'src');
  const from = relative(src, file).split(sep);
  return checkLines(root, file, line => {
    const imported = /(?:^|[\s(])(?:from|import)\s*\(?\s*'([^']+)'/.exec(line)?.[1];
    if (imported?.startsWith('.'))
      return layerBreach(from, relative(src, resolve(dirname(file), imported)).split(sep));
    if (imported === '@huggingface/tokenizers' && from[0] !== 'tokenization')
      return 'only tokenization/ imports @huggingface/tokenizers';
    if (imported === '@huggingface/hub' && from[0] !== 'hub') return 'only hub/ imports @huggingface/hub';
    if (/\.node['"`]|dlopen/.test(line) && from.join('/') !== 'engine/native.ts')
      return 'only engine/native.ts loads .node files';
    return undefined;
  });
}

/**
 * @param {string[]} from path parts of the importing file below src/
 * @param {string[]} to path parts of the imported file
 */
function layerBreach([from = '', ...fromRest], [to = '', ...toRest]) {
  if (from === 'index.ts' || from === to) return undefined;
  if (to === 'index.ts') return 'nothing imports index.ts';
  if (toRest.length === 0) return undefined;
  if (fromRest.length === 0) return `${from} lies below every layer and cannot import ${to}/`;
  const allowed = BELOW.get(from);
  if (allowed === undefined) return `${from}/ is no layer: add it to scripts/lint-layers.mjs`;
  return allowed.includes(to)
    ? undefined
    : `${from}/ may import only ${[...allowed, 'itself'].join(', ')}, not ${to}/`;
}

/**
 * @param {string} root
 * @param {string} file
 */
function checkNative(root, file) {
  const path = relative(join(root, 'native'), file).split(sep).join('/');
  if (NODE_SIDE.test(path)) return [];
  return checkLines(root, file, line => {
    const included = /^\s*#\s*include\s*[<"]([^>"]+)/.exec(line)?.[1];
    if (included === undefined) return undefined;
    if (/^(napi|node_api|js_native_api)/.test(included) || NODE_SIDE.test(basename(included)))
      return `the torch side never includes the node side (${included})`;
    return undefined;
  });
}

/**
 * @param {string} root
 * @param {string} file
 * @param {(line: string) => string | undefined} check the rule that a line breaks
 * @returns {Finding[]}
 */
function checkLines(root, file, check) {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.flatMap((text, index) => {
    const rule = check(text);
    return rule === undefined ? [] : [{ file: relative(root, file), line: index + 1, rule }];
  });
}

/**
 * @param {string} folder
 * @param {RegExp} pattern
 */
function filesIn(folder, pattern) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => pattern.test(name))
    .sort()
    .map(name => join(folder, name));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const breaches = findBreaches(join(dirname(fileURLToPath(import.meta.url)), '..'));
  for (const { file, line, rule } of breaches) console.error(`${file}:${line}: ${rule}`);
  process.exitCode = breaches.length > 0 ? 1 : 0;
}
