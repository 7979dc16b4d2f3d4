import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { CheckpointError, OptionError } from '../../../src/errors.ts';
import { AutoTokenizer } from '../../../src/tokenization/auto-tokenizer.ts';
import { fixture } from '../../support/shared.ts';
import { goldenFolder, goldens, goldenVocabulary, readJson } from '../../support/tokenizer-goldens.ts';

/* Which file wins was compared with transformers 5.18; where nerbert differs on purpose, the test says so. */

const vocabTxt = `${goldenVocabulary.join('\n')}\n`;
const cased = ['M', '##ous', '##e', 'C', '##S', 'é', 'kappa'];
const uncased = ['m', '##ous', '##e', 'c', '##s', 'e', 'kappa'];
const sentence = 'Mouse CS é kappa';

/** The golden tokenizer.json, which is cased, with changes to some parts. */
function tokenizerJson({ normalizer = {}, model = {}, ...rest }: Record<string, unknown> = {}): object {
  const golden = readJson(join(goldenFolder, 'tokenizer.json'));
  return {
    ...golden,
    normalizer: normalizer && { ...golden.normalizer, ...(normalizer as object) },
    model: { ...golden.model, ...(model as object) },
    ...rest,
  };
}

let folders: string;
test.before(async () => {
  folders = await mkdtemp(join(tmpdir(), 'nerbert-tokenizer-'));
});
test.after.always(() => rm(folders, { recursive: true, force: true }));

/** A folder of these files; objects are written as JSON. */
async function folderOf(files: Record<string, string | object>): Promise<string> {
  const folder = await mkdtemp(join(folders, 'checkpoint-'));
  for (const [name, content] of Object.entries(files)) {
    const plain = typeof content === 'string' || content instanceof Uint8Array;
    await writeFile(join(folder, name), plain ? content : JSON.stringify(content));
  }
  return folder;
}

const load = async (files: Record<string, string | object>, options = {}) =>
  AutoTokenizer.fromPretrained(await folderOf(files), options);

test('a checkpoint folder of transformers gives its tokenizer', async t => {
  const tokenizer = await AutoTokenizer.fromPretrained(goldenFolder);
  const { cased: golden } = goldens.cases.find(({ kind }) => kind === 'sentence') ?? t.fail();
  const { text } = goldens.cases.find(({ kind }) => kind === 'sentence') ?? t.fail();
  t.deepEqual(tokenizer.tokenize(text), golden.pieces);
  t.deepEqual(tokenizer.encode(text).ids, [8, ...golden.ids, 9]);
  t.is(tokenizer.doLowerCase, false);
  t.is(tokenizer.modelMaxLength, 64);
  t.is(tokenizer.vocabSize, 400);
  t.deepEqual([tokenizer.padId, tokenizer.unkId, tokenizer.clsId, tokenizer.sepId], [0, 7, 8, 9]);
  t.deepEqual(tokenizer.notes, []);
});

test('truncation and padding of tokenizer.json are ignored', async t => {
  const strategy = { Fixed: 12 };
  const tokenizer = await load({
    'tokenizer.json': tokenizerJson({
      truncation: { max_length: 4, strategy: 'LongestFirst', stride: 0 },
      padding: { strategy, direction: 'Right', pad_id: 0, pad_type_id: 0, pad_token: '[PAD]' },
    }),
  });
  t.deepEqual(tokenizer.tokenize(sentence), cased);
  t.is(tokenizer.encode(sentence).ids.length, cased.length + 2);
});

test('vocab.txt alone: the vocabulary decides on case, aloud', async t => {
  const tokenizer = await load({
    'vocab.txt': vocabTxt,
    'config.json': { architectures: ['BertForPreTraining'] },
  });
  t.deepEqual(tokenizer.tokenize(sentence), cased);
  t.is(tokenizer.notes.length, 1);
  t.regex(
    tokenizer.notes[0] ?? '',
    /No file says whether to lower-case.*its case is kept.*doLowerCase: true/,
  );

  const special = goldenVocabulary.filter(piece => piece.startsWith('['));
  const folded = goldenVocabulary.filter(piece => piece === piece.toLowerCase());
  const lower = await load({ 'vocab.txt': [...special, ...folded].join('\n') });
  t.true(lower.doLowerCase);
  t.regex(lower.notes[0] ?? '', /it is lower-cased.*doLowerCase: false/);
});

test('a trained token classifier without a word on case is lower-cased, as it was trained, aloud', async t => {
  const config = { architectures: ['BertForTokenClassification'] };
  const tokenizer = await load({ 'vocab.txt': vocabTxt, 'config.json': config });
  t.deepEqual(tokenizer.tokenize(sentence), uncased);
  t.regex(tokenizer.notes[0] ?? '', /trained token classifier.*lower-cased.*doLowerCase: false/);

  const told = await load({
    'vocab.txt': vocabTxt,
    'config.json': config,
    'tokenizer_config.json': { do_lower_case: false },
  });
  t.deepEqual([told.tokenize(sentence), told.notes], [cased, []]);
});

test('both kinds of checkpoint among the goldens', async t => {
  const pretrained = await AutoTokenizer.fromPretrained(fixture('goldens', 'checkpoints', 'legacy-bin'));
  t.deepEqual(pretrained.tokenize(sentence), cased);
  const trained = await AutoTokenizer.fromPretrained(fixture('goldens', 'checkpoints', 'zip-bin'));
  t.deepEqual(trained.tokenize(sentence), uncased);
});

test('doLowerCase goes before every file and needs no note', async t => {
  const files = { 'tokenizer.json': tokenizerJson(), 'tokenizer_config.json': { do_lower_case: false } };
  const lower = await load(files, { doLowerCase: true });
  t.deepEqual([lower.tokenize(sentence), lower.doLowerCase, lower.notes], [uncased, true, []]);
  const kept = await load({ 'vocab.txt': vocabTxt }, { doLowerCase: false });
  t.deepEqual([kept.tokenize(sentence), kept.notes], [cased, []]);
});

test('tokenizer_config.json goes before tokenizer.json', async t => {
  const kept = await load({
    'tokenizer.json': tokenizerJson({ normalizer: { lowercase: true } }),
    'tokenizer_config.json': { do_lower_case: false },
  });
  t.deepEqual(kept.tokenize(sentence), cased);
  const lower = await load({
    'tokenizer.json': tokenizerJson(),
    'tokenizer_config.json': { do_lower_case: true, strip_accents: false },
  });
  t.deepEqual(
    lower.tokenize(sentence),
    uncased.map(piece => (piece === 'e' ? 'é' : piece)),
  );
});

test('tokenizer.json goes first where tokenizer_config.json names a general class', async t => {
  const tokenizer = await load({
    'tokenizer.json': tokenizerJson({ normalizer: { lowercase: true } }),
    'tokenizer_config.json': { do_lower_case: false, tokenizer_class: 'PreTrainedTokenizerFast' },
  });
  t.deepEqual(tokenizer.tokenize(sentence), uncased);
});

test('on purpose unlike transformers: tokenizer.json alone is believed when it says not to lower-case', async t => {
  const tokenizer = await load({ 'tokenizer.json': tokenizerJson(), 'tokenizer_config.json': {} });
  t.deepEqual([tokenizer.tokenize(sentence), tokenizer.notes], [cased, []]);
});

test('the vocabulary of tokenizer.json goes before vocab.txt', async t => {
  const tokenizer = await load({
    'tokenizer.json': tokenizerJson(),
    'vocab.txt': vocabTxt.replace('\nkappa\n', '\nkappb\n'),
  });
  t.deepEqual(tokenizer.tokenize('kappa'), ['kappa']);
});

test('special tokens by other names: special_tokens_map.json, unless tokenizer_config.json lists the added ones', async t => {
  const renamed = vocabTxt.replace('\n[unused0]\n', '\n<s>\n');
  const map = { cls_token: { content: '<s>', lstrip: false } };
  const config = { cls_token: '[CLS]', do_lower_case: false };
  const files = { 'vocab.txt': renamed, 'special_tokens_map.json': map };
  const byMap = await load({ ...files, 'tokenizer_config.json': config });
  t.is(byMap.clsId, 1);
  t.deepEqual(byMap.encode('a<s>').pieces, ['<s>', 'a', '<s>', '[SEP]']);
  const decoder = { 0: { content: '[PAD]', special: true } };
  const byConfig = await load({
    ...files,
    'tokenizer_config.json': { ...config, added_tokens_decoder: decoder },
  });
  t.is(byConfig.clsId, 8);
});

test('a vocabulary without the special tokens is refused by name', async t => {
  for (const files of [
    { 'vocab.txt': vocabTxt.replace('[CLS]', 'CLS').replace('[PAD]', 'PAD') },
    {
      'tokenizer.json': tokenizerJson({
        added_tokens: [],
        model: { vocab: { '[UNK]': 0, '[SEP]': 1, a: 2 } },
      }),
    },
  ]) {
    const folder = await folderOf(files);
    const error = await t.throwsAsync(AutoTokenizer.fromPretrained(folder), { instanceOf: CheckpointError });
    t.regex(error?.message ?? '', /lacks \[PAD\], \[CLS\].*special_tokens_map\.json/);
    t.is(error?.file, join(folder, Object.keys(files)[0] ?? ''));
  }
});

test('[MASK] may be missing', async t => {
  const tokenizer = await load({ 'vocab.txt': vocabTxt.replace('[MASK]', '[unused9]') });
  t.deepEqual(tokenizer.tokenize('[MASK]'), ['[', 'M', '##A', '##S', '##K', ']']);
});

test('vocab.txt with a byte order mark, CRLF, no last line break or blank lines at the end', async t => {
  const windows = `\ufeff${vocabTxt.replaceAll('\n', '\r\n')}\r\n`;
  for (const text of [windows, vocabTxt.trimEnd(), `${vocabTxt}\n\n`]) {
    const tokenizer = await load({ 'vocab.txt': text });
    t.is(tokenizer.vocabSize, 400);
    t.is(tokenizer.padId, 0);
    t.deepEqual(tokenizer.tokenize(sentence), cased);
  }
});

test('a piece on two lines has the later id, aloud, and both ids mean it', async t => {
  const tokenizer = await load({ 'vocab.txt': `${vocabTxt}kappa\n` }, { doLowerCase: false });
  const first = goldenVocabulary.indexOf('kappa');
  t.deepEqual([...tokenizer.encodeWord('kappa')], [400]);
  t.deepEqual(tokenizer.convertIdsToTokens([first, 400]), ['kappa', 'kappa']);
  t.regex(tokenizer.notes.join(), /"kappa" more than once; the last id/);
});

const refused: [string, Record<string, string | object>, string, RegExp][] = [
  ['an empty vocab.txt', { 'vocab.txt': '\n\n' }, 'vocab.txt', /one piece a line but it is empty/],
  ['a vocab.txt not in UTF-8', { 'vocab.txt': Uint8Array.of(0xc4, 0x0a) }, 'vocab.txt', /UTF-8/],
  ['no vocabulary', { 'config.json': {} }, '', /tokenizer\.json or vocab\.txt .* has neither/],
  [
    'BPE',
    { 'tokenizer.json': tokenizerJson({ model: { type: 'BPE' } }) },
    'tokenizer.json',
    /model is of type "BPE"/,
  ],
  [
    'Unigram',
    {
      'tokenizer.json': tokenizerJson({ model: { type: 'Unigram', vocab: [['a', 0]] } }),
      'vocab.txt': vocabTxt,
    },
    'tokenizer.json',
    /model is of type "Unigram"/,
  ],
  [
    'another normaliser',
    { 'tokenizer.json': tokenizerJson({ normalizer: { type: 'NFKC' } }) },
    'tokenizer.json',
    /normalizer is of type "NFKC"/,
  ],
  [
    'no normaliser',
    { 'tokenizer.json': tokenizerJson({ normalizer: null }) },
    'tokenizer.json',
    /normalizer is null/,
  ],
  [
    'another pre-tokeniser',
    { 'tokenizer.json': tokenizerJson({ pre_tokenizer: { type: 'ByteLevel' } }) },
    'tokenizer.json',
    /pre_tokenizer is of type "ByteLevel"/,
  ],
  ['a truncated tokenizer.json', { 'tokenizer.json': '{"model": {' }, 'tokenizer.json', /not JSON/],
  ['a tokenizer.json that is a list', { 'tokenizer.json': [] }, 'tokenizer.json', /expected a JSON object/],
  [
    'an empty vocabulary',
    { 'tokenizer.json': tokenizerJson({ model: { vocab: {} } }) },
    'tokenizer.json',
    /vocabulary but it is empty/,
  ],
  [
    'an enormous id',
    { 'tokenizer.json': tokenizerJson({ model: { vocab: { a: 4_000_000_000 } } }) },
    'tokenizer.json',
    /id between .* for "a" but it is 4000000000/,
  ],
  [
    'an id twice',
    { 'tokenizer.json': tokenizerJson({ model: { vocab: { a: 0, b: 0 } } }) },
    'tokenizer.json',
    /"a" and "b" share 0/,
  ],
  [
    'a word instead of true or false',
    { 'vocab.txt': vocabTxt, 'tokenizer_config.json': { do_lower_case: 'no' } },
    'tokenizer_config.json',
    /do_lower_case but it is "no"/,
  ],
  [
    'a special token that is a number',
    { 'vocab.txt': vocabTxt, 'special_tokens_map.json': { cls_token: 8 } },
    'special_tokens_map.json',
    /cls_token to be text/,
  ],
];

for (const [name, files, file, message] of refused) {
  test(`refused: ${name}`, async t => {
    const folder = await folderOf(files);
    const error = await t.throwsAsync(AutoTokenizer.fromPretrained(folder), {
      instanceOf: CheckpointError,
      message,
    });
    t.is(error?.file, join(folder, file));
  });
}

test('a model without type is WordPiece by its limit on word length', async t => {
  const tokenizer = await load({ 'tokenizer.json': tokenizerJson({ model: { type: undefined } }) });
  t.deepEqual(tokenizer.tokenize(sentence), cased);
});

test('what is no local folder is refused, naming it', async t => {
  const file = join(goldenFolder, 'vocab.txt');
  const error = await t.throwsAsync(AutoTokenizer.fromPretrained(file), { instanceOf: CheckpointError });
  t.regex(error?.message ?? '', /expected a local folder/);
  t.is(error?.file, file);
});

test('options that cannot be used are refused', async t => {
  await t.throwsAsync(AutoTokenizer.fromPretrained(''), { instanceOf: OptionError });
  await t.throwsAsync(AutoTokenizer.fromPretrained(goldenFolder, { doLowerCase: 'no' } as object), {
    instanceOf: OptionError,
    message: /true or false for doLowerCase/,
  });
  await t.throwsAsync(AutoTokenizer.fromPretrained(goldenFolder, { lowerCase: true } as object), {
    instanceOf: OptionError,
  });
});
