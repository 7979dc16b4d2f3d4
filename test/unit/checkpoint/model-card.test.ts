import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { plainText } from '../../../src/checkpoint/markdown.ts';
import { type CardTraining, type ModelCardFacts, modelCard } from '../../../src/checkpoint/model-card.ts';
import { writeModelCard } from '../../../src/checkpoint/write-model-card.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const score = (f1: number, support: number) => ({ precision: 0.5, recall: 1 / 3, f1, support });

const training: CardTraining = {
  source: 'Files: a_b.iob2 and *c*.iob2',
  data: [
    { part: 'training', sentences: 18_546, words: 492_551, tags: { O: 382_963, 'B-a|b': 7 } },
    { part: 'validation', sentences: 3, words: 20, tags: { O: 18, 'I-x_y': 2 } },
  ],
  settings: { epochs: '6', 'learning rate': '0.00005' },
  epoch: 2,
  nEpochs: 6,
  scores: {
    entities: {
      perType: { 'a|b': score(0.4, 1234) },
      micro: score(0.4, 1234),
      macro: score(Number.NaN, 1234),
      weighted: score(0.4, 1234),
    },
    accuracy: 0.98765,
    lossVal: 0.12344,
  },
};

const facts: ModelCardFacts = {
  name: 'my_run',
  base: { name: 'allenai/scibert_scivocab_cased', onHub: true },
  labels: ['O', 'B-a|b', 'I-x_y'],
  layers: 12,
  hiddenSize: 768,
  parameters: 109_000_000,
  training,
  date: '2026-01-31',
  versions: { nerbert: '0.1.0' },
};

test('a card has front matter for the hub, tag counts, settings and scores', t => {
  const card = modelCard(facts);
  t.regex(
    card,
    /^---\n# [^\n]*\n# license: apache-2\.0\nlibrary_name: transformers\npipeline_tag: token-classification\nbase_model: "allenai\/scibert_scivocab_cased"\ntags:\n- token-classification\n- named-entity-recognition\n- bert\n- nerbert\n---\n\n<!-- [^\n]* -->\n\n# my_run\n/,
  );
  t.notRegex(card, /^language:/m);
  for (const line of [
    'Labels: O, B-a\\|b, I-x_y.',
    'Files: a_b.iob2 and \\*c\\*.iob2.',
    '|  | training | validation |',
    '| sentences | 18,546 | 3 |',
    '| words | 492,551 | 20 |',
    '| O | 382,963 | 18 |',
    '| B-a\\|b | 7 | 0 |',
    '| I-x_y | 0 | 2 |',
    '| learning rate | 0.00005 |',
    '| a\\|b | 0.5000 | 0.3333 | 0.4000 | 1,234 |',
    '| macro average | 0.5000 | 0.3333 | – | 1,234 |',
    'Words with the right tag: 0.9877. Loss: 0.1234 per word.',
    'nerbert 0.1.0; 2026-01-31.',
  ]) {
    t.true(card.split('\n').includes(line), line);
  }
  t.regex(card, /the epoch \(2 of 6\)/);
});

test('a card tells no more than is known', t => {
  const { scores, ...unscored } = training;
  const card = modelCard({
    ...facts,
    training: { ...unscored, data: [], source: undefined, scores: undefined },
  });
  t.notRegex(card, /## Scores|undefined/);
  t.regex(card, /not counted/);
  const plain = modelCard({ ...facts, base: { name: 'folder', onHub: false }, training: undefined });
  t.notRegex(plain, /## (Data|Training|Scores)|base_model|undefined/);
  t.regex(plain, /made from folder:/);
  t.regex(modelCard({ ...facts, base: undefined }), /made from scratch/);
});

test('what others named is text in a line of Markdown', t => {
  t.is(plainText('a\n\n# b\t<script>|`x`'), 'a \\# b \\<script\\>\\|\\`x\\`');
  t.is(plainText('_a_b_ ä_ö'), '\\_a_b\\_ ä_ö');
  t.is(plainText('[x](y) \\ &amp; ~~z~~ $1$'), '\\[x\\](y) \\\\ \\&amp; \\~\\~z\\~\\~ \\$1\\$');
});

test('a card of a training replaces only cards of nerbert', async t => {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'README.md');
  const plain = { ...facts, training: undefined };
  await writeModelCard(folder, plain);
  t.is(await readFile(file, 'utf8'), modelCard(plain));
  await writeModelCard(folder, facts);
  t.is(await readFile(file, 'utf8'), modelCard(facts));
  await writeModelCard(folder, plain);
  t.is(await readFile(file, 'utf8'), modelCard(facts), 'what is known of the training stays');
  await writeModelCard(folder, { ...facts, name: 'other' });
  t.is(await readFile(file, 'utf8'), modelCard({ ...facts, name: 'other' }));

  const own = modelCard(facts).replace(/<!--.*-->/, 'My words.');
  await writeFile(file, own);
  await writeModelCard(folder, facts);
  t.is(await readFile(file, 'utf8'), own);
  t.deepEqual(await readdir(folder), ['README.md']);
});

test('a folder in the place of the card does no harm', async t => {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'README.md'));
  await writeModelCard(folder, facts);
  t.deepEqual(await readdir(folder), ['README.md']);
});
