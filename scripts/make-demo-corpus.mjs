// Writes data/demo: a synthetic corpus, and vocabulary and config of a tiny BERT for it. See data/demo/README.md.
//
//     node scripts/make-demo-corpus.mjs

import { mkdirSync, writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { readLines, readNames } from './demo/lists.mjs';
import { Random } from './demo/random.mjs';
import { makeSentences } from './demo/sentences.mjs';
import { makeVocabulary } from './demo/vocabulary.mjs';

const SEED = 42;
const TRAIN_SENTENCES = 1500;
const TEST_SENTENCES = 300;

/** @typedef {import('./demo/sentences.mjs').Sentence} Sentence */

/** The files of the corpus by name, the same on every machine. */
export function makeDemoCorpus() {
  const random = new Random(SEED);
  const train = makeSentences(readLines('train/sentences'), readNames('train'), TRAIN_SENTENCES, random);
  const test = makeSentences(readLines('test/sentences'), readNames('test'), TEST_SENTENCES, random);
  const vocabulary = makeVocabulary(train);
  const config = {
    model_type: 'bert',
    vocab_size: vocabulary.length,
    hidden_size: 128,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 512,
    hidden_act: 'gelu',
    max_position_embeddings: 128,
    type_vocab_size: 2,
    layer_norm_eps: 1e-12,
    initializer_range: 0.02,
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    pad_token_id: 0,
  };
  return {
    'train.iob2': columns(train),
    'test.iob2': columns(test),
    'vocab.txt': `${vocabulary.join('\n')}\n`,
    'config.json': `${JSON.stringify(config, null, 2)}\n`,
    'tokenizer_config.json': `${JSON.stringify({ do_lower_case: false }, null, 2)}\n`,
  };
}

/** @param {readonly Sentence[]} sentences */
function columns(sentences) {
  return sentences
    .map(({ words, tags }) => `${words.map((word, index) => `${word}\t${tags[index]}\n`).join('')}\n`)
    .join('');
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const folder = new URL('../data/demo/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(makeDemoCorpus()))
    writeFileSync(new URL(name, folder), content);
}
