import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { NerbertError } from '../../../src/errors.ts';
import { AutoTokenizer } from '../../../src/tokenization/auto-tokenizer.ts';
import { BertTokenizer } from '../../../src/tokenization/bert-tokenizer.ts';
import { goldenFolder, goldens, goldenVocabulary, readJson } from '../../support/tokenizer-goldens.ts';

let folders: string;
test.before(async () => {
  folders = await mkdtemp(join(tmpdir(), 'nerbert-saved-'));
});
test.after.always(() => rm(folders, { recursive: true, force: true }));

const names = ['special_tokens_map.json', 'tokenizer.json', 'tokenizer_config.json', 'vocab.txt'];

test('what is saved gives the same pieces when it is loaded', async t => {
  for (const doLowerCase of [false, true]) {
    const folder = join(folders, `new/${doLowerCase}`);
    const tokenizer = BertTokenizer.fromVocabulary(goldenVocabulary, { doLowerCase, modelMaxLength: 64 });
    await tokenizer.savePretrained(folder);
    t.deepEqual((await readdir(folder)).sort(), names);
    const fromAll = await AutoTokenizer.fromPretrained(folder);
    await rm(join(folder, 'tokenizer.json'));
    const fromVocabTxt = await AutoTokenizer.fromPretrained(folder);
    for (const again of [fromAll, fromVocabTxt]) {
      t.deepEqual(
        [again.doLowerCase, again.modelMaxLength, again.vocabSize, again.notes],
        [doLowerCase, 64, 400, []],
      );
      for (const { text } of goldens.cases) t.deepEqual(again.encode(text), tokenizer.encode(text));
    }
  }
});

test('a golden tokenizer is saved as it was', async t => {
  const folder = join(folders, 'golden');
  await (await AutoTokenizer.fromPretrained(goldenFolder)).savePretrained(folder);
  const saved = (name: string) => readJson(join(folder, name));
  t.deepEqual(saved('tokenizer.json'), readJson(join(goldenFolder, 'tokenizer.json')));
  t.is(
    await readFile(join(folder, 'vocab.txt'), 'utf8'),
    await readFile(join(goldenFolder, 'vocab.txt'), 'utf8'),
  );
  const { backend, ...golden } = readJson(join(goldenFolder, 'tokenizer_config.json'));
  t.is(backend, 'tokenizers');
  t.deepEqual(saved('tokenizer_config.json'), golden);
  t.deepEqual(saved('special_tokens_map.json'), {
    cls_token: '[CLS]',
    mask_token: '[MASK]',
    pad_token: '[PAD]',
    sep_token: '[SEP]',
    unk_token: '[UNK]',
  });
});

test('a guess on case is written, so that nothing need be guessed again', async t => {
  const folder = join(folders, 'guessed');
  const guessed = BertTokenizer.fromVocabulary(goldenVocabulary);
  t.is(guessed.notes.length, 1);
  await guessed.savePretrained(folder);
  t.is(readJson(join(folder, 'tokenizer_config.json')).do_lower_case, false);
  t.is(readJson(join(folder, 'tokenizer.json')).normalizer.lowercase, false);
  t.deepEqual((await AutoTokenizer.fromPretrained(folder)).notes, []);
});

test('a vocabulary with a piece twice keeps its ids', async t => {
  const folder = join(folders, 'twice');
  await BertTokenizer.fromVocabulary([...goldenVocabulary, 'kappa', 'new']).savePretrained(folder);
  t.is((await readFile(join(folder, 'vocab.txt'), 'utf8')).split('\n')[401], 'new');
  const again = await AutoTokenizer.fromPretrained(folder);
  t.deepEqual([...again.encodeWord('kappa')], [400]);
  t.is(again.vocabSize, 402);
});

test('a folder that cannot be written is refused and what was there stays', async t => {
  const tokenizer = BertTokenizer.fromVocabulary(goldenVocabulary);
  const file = join(folders, 'file');
  await writeFile(file, 'former');
  const error = await t.throwsAsync(tokenizer.savePretrained(join(file, 'inside')), {
    instanceOf: NerbertError,
  });
  t.regex(error?.message ?? '', /Could not write to the folder .*inside: a part of the path is a file/);
  t.is(await readFile(file, 'utf8'), 'former');

  const folder = join(folders, 'occupied');
  await mkdir(join(folder, 'tokenizer.json'), { recursive: true });
  await writeFile(join(folder, 'tokenizer_config.json'), 'former');
  await t.throwsAsync(tokenizer.savePretrained(folder), {
    instanceOf: NerbertError,
    message: /tokenizer\.json/,
  });
  t.is(await readFile(join(folder, 'tokenizer_config.json'), 'utf8'), 'former');
  t.deepEqual(
    (await readdir(folder)).filter(name => name.endsWith('.tmp')),
    [],
  );
});
