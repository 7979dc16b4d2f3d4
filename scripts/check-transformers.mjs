// @ts-check
/*
 * Trains small models, saves them, and has Python's transformers load them: no weight may be missing or unexpected, nothing
 * may be warned of, and pieces and logits must be the same (within 1e-5).
 *
 *   npm run check:transformers
 *
 * Python is NERBERT_PYTHON, else python3; without transformers and torch there nothing is checked, and this is said.
 * MiniLM is tried too where ../shared (or NERBERT_SHARED) has it.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  AutoTokenizer,
  BertForTokenClassification,
  BertTokenizer,
  BertTrainer,
  DataLoader,
  getLabels,
  getOptimizerWithWeightDecay,
  NerDataset,
  readDataFromFile,
} from 'nerbert';

const root = fileURLToPath(new URL('..', import.meta.url));
const demo = join(root, 'data', 'demo');
const miniLm = join(process.env.NERBERT_SHARED ?? join(root, '..', 'shared'), 'models', 'all-MiniLM-L6-v2');
const python = process.env.NERBERT_PYTHON || 'python3';
const TRAINING_SENTENCES = 64;

/** Texts with what tokenizers get wrong: accents, capitals, ideographs, ligatures, unknown and invisible characters. */
const texts = [
  'Mouse thymus was used as a source of glucocorticoid receptor from normal CS lymphocytes.',
  'IL-2 gene expression and NF-kappa B activation through CD28 requires reactive oxygen production by 5-lipoxygenase.',
  'Ångström, naïve façade: ΑΣ ΣΑΣ, ﬁbroblast ½ µm [MASK] [UNK] ##s',
  '細胞 は 𠀀 生きる 😀 é\u200b\ufffd\tx',
  'A',
];

/** @typedef {{ name: string, folder: string }} Saved */

/**
 * Trains a model for a few steps and saves it as a run does.
 * @param {BertForTokenClassification} model
 * @param {BertTokenizer} tokenizer
 * @param {string} folder
 */
async function trainAndSave(model, tokenizer, folder) {
  const dataset = (await readDataFromFile(join(demo, 'train.iob2'))).slice(0, TRAINING_SENTENCES);
  const labels2ind = model.config.label2id;
  const trainer = new BertTrainer({
    model,
    tokenizer,
    labels2ind,
    optimizer: getOptimizerWithWeightDecay({ model, learningRate: 1e-3 }),
    nEpochs: 1,
    progress: false,
    figures: false,
    outputDir: folder,
  });
  const loader = new DataLoader({
    dataset: new NerDataset({ dataset, tokenizer, labels2ind, maxLenSeq: 128 }),
    batchSize: 8,
  });
  await trainer.train({ dataloaderTrain: loader });
}

/**
 * @param {string} folder
 * @returns {Promise<Saved[]>}
 */
async function makeCheckpoints(folder) {
  const samples = await readDataFromFile(join(demo, 'train.iob2'));
  const id2label = Object.keys(getLabels(samples).labels2ind);
  const pieces = readFileSync(join(demo, 'vocab.txt'), 'utf8').trimEnd().split('\n');
  const lowered = pieces.map(piece => (/^\[[A-Z]+\]$/.test(piece) ? piece : piece.toLowerCase()));
  const config = JSON.parse(readFileSync(join(demo, 'config.json'), 'utf8'));
  const tokenizers = {
    cased: await AutoTokenizer.fromPretrained(demo),
    uncased: BertTokenizer.fromVocabulary([...new Set(lowered)], { doLowerCase: true }),
  };
  const saved = [];
  for (const [name, tokenizer] of Object.entries(tokenizers)) {
    const model = await BertForTokenClassification.fromConfig(
      { ...config, vocab_size: tokenizer.vocabSize },
      { id2label, device: 'cpu' },
    );
    saved.push({ name: `${name}, from scratch`, folder: join(folder, name) });
    await trainAndSave(model, tokenizer, join(folder, name));
    await model.dispose();
  }
  if (existsSync(miniLm)) {
    const model = await BertForTokenClassification.fromPretrained(miniLm, { id2label, device: 'cpu' });
    saved.push({ name: 'all-MiniLM-L6-v2, fine-tuned', folder: join(folder, 'MiniLM') });
    await trainAndSave(model, await AutoTokenizer.fromPretrained(miniLm), join(folder, 'MiniLM'));
    await model.dispose();
  }
  return saved;
}

/**
 * What nerbert makes of the texts with a saved checkpoint.
 * @param {Saved} saved
 */
async function answersOf({ folder }) {
  const tokenizer = await AutoTokenizer.fromPretrained(folder);
  const model = await BertForTokenClassification.fromPretrained(folder, { device: 'cpu' });
  const answers = [];
  for (const text of texts) {
    const { ids, pieces } = tokenizer.encode(text);
    const { logits } = await model.forward({ inputIds: Int32Array.from(ids), shape: [1, ids.length] });
    answers.push({ text, ids, pieces, logits: Array.from(logits) });
  }
  await model.dispose();
  return { folder, labels: Object.values(model.config.id2label), texts: answers };
}

const versions = spawnSync(
  python,
  ['-c', 'import torch, transformers; print(transformers.__version__, torch.__version__)'],
  { encoding: 'utf8' },
);
if (versions.status !== 0) {
  console.log(`Skipped: ${python} has no transformers and torch. NERBERT_PYTHON names another Python.`);
  process.exit(0);
}
const [transformers, torch] = versions.stdout.trim().split(' ');
console.log(`transformers ${transformers}, torch ${torch}`);

const folder = mkdtempSync(join(tmpdir(), 'nerbert-transformers-'));
try {
  const saved = await makeCheckpoints(folder);
  const cases = join(folder, 'cases.json');
  writeFileSync(cases, JSON.stringify(await Promise.all(saved.map(answersOf))));
  const script = join(root, 'scripts', 'check-transformers.py');
  const output = execFileSync(python, [script, cases], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const results = output
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  results.forEach(({ problems, difference }, i) => {
    const verdict = problems.length === 0 ? 'the same' : 'NOT the same';
    console.log(`${saved[i]?.name}: ${verdict}, logits differ by ${difference.toExponential(1)} at most`);
    for (const problem of problems) console.log(`  ${problem}`);
  });
  const wrong = results.some(({ problems }) => problems.length > 0);
  process.exitCode = wrong || results.length < saved.length ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true });
}
