import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readDataFromFile, readSentences } from '../../../src/data/conll.ts';
import { getLabels } from '../../../src/data/labels.ts';
import { DataError, OptionError } from '../../../src/errors.ts';
import { shared, testWith } from '../../support/shared.ts';

const folder = mkdtempSync(join(tmpdir(), 'nerbert-conll-'));
test.after.always(() => rmSync(folder, { recursive: true }));

let files = 0;
function file(content: string | Buffer): string {
  const path = join(folder, `${files++}.iob2`);
  writeFileSync(path, content);
  return path;
}

const two = [
  { words: ['IL-2', 'gene'], labels: ['B-DNA', 'I-DNA'] },
  { words: ['binds'], labels: ['O'] },
];

const forms: Record<string, string> = {
  'a blank line after each sentence': 'IL-2\tB-DNA\ngene\tI-DNA\n\nbinds\tO\n\n',
  'no blank line after the last sentence': 'IL-2\tB-DNA\ngene\tI-DNA\n\nbinds\tO\n',
  'no line end after the last word': 'IL-2\tB-DNA\ngene\tI-DNA\n\nbinds\tO',
  'CRLF line ends': 'IL-2\tB-DNA\r\ngene\tI-DNA\r\n\r\nbinds\tO\r\n',
  'CRLF without the last line feed': 'IL-2\tB-DNA\r\ngene\tI-DNA\r\n\r\nbinds\tO\r',
  'a byte order mark': '\uFEFFIL-2\tB-DNA\ngene\tI-DNA\n\nbinds\tO\n',
  'repeated blank lines': '\n\nIL-2\tB-DNA\ngene\tI-DNA\n\n\n\nbinds\tO\n\n\n',
  'lines of white space as blank ones': ' \nIL-2\tB-DNA\ngene\tI-DNA\n \t\nbinds\tO\n\t\n',
  'document marks': '-DOCSTART-\tO\n\nIL-2\tB-DNA\ngene\tI-DNA\n\n-DOCSTART-\t-X-\tO\tO\n\nbinds\tO\n',
  'document marks without blank lines': '-DOCSTART-\nIL-2\tB-DNA\ngene\tI-DNA\n-DOCSTART-\nbinds\tO\n',
  'MEDLINE marks': '###MEDLINE:95369245\n\nIL-2\tB-DNA\ngene\tI-DNA\n\n###MEDLINE:1\tO\n\nbinds\tO\n',
  comments: '# one\nIL-2\tB-DNA\n#in between\ngene\tI-DNA\n\n# two\nbinds\tO\n',
  'several columns': 'IL-2\tNN\t1\tB-DNA\ngene\tNN\t2\tI-DNA\n\nbinds\tVB\t\tO\n',
  'white space after the tag': 'IL-2\tB-DNA \ngene\tI-DNA\n\nbinds\tO  \n',
};
for (const [form, content] of Object.entries(forms)) {
  test(`reads ${form}`, async t => t.deepEqual(await readDataFromFile(file(content)), two));
}

test('a # before the separator is a word', async t => {
  t.deepEqual(await readDataFromFile(file('no.\tO\n#\tO\n1\tO\n')), [
    { words: ['no.', '#', '1'], labels: ['O', 'O', 'O'] },
  ]);
});

test('words keep spaces, other scripts and characters that only look like line ends', async t => {
  const words = ['in vitro', '细胞', 'α\u2028β', '\u00a0', 'x\ry', '🧬'];
  const [sample] = await readDataFromFile(file(words.map(word => `${word}\tO\n`).join('')));
  t.deepEqual(sample?.words, words);
});

test('reads columns separated by spaces', async t => {
  const path = file('IL-2 NN B-NP B-DNA\ngene  NN I-NP I-DNA\n\nbinds VB O O\n');
  t.deepEqual(await readDataFromFile(path, { separator: ' ' }), two);
});

test('accepts the tags of IOB, IOE, IOBES and BILOU with any type', async t => {
  const tags = ['O', 'B-x', 'I-cell_type', 'E-a-b', 'S-Gene or protein', 'L-1', 'U-蛋白'];
  const [sample] = await readDataFromFile(file(tags.map(tag => `w\t${tag}\n`).join('')));
  t.deepEqual(sample?.labels, tags);
});

test('sentences and lines may cross the blocks in which a file is read', async t => {
  const words = Array.from({ length: 60_000 }, (_, index) => `wörd-${index}`);
  const path = file(words.map((word, index) => `${word}\tO\r\n${index % 7 === 0 ? '\r\n' : ''}`).join(''));
  const samples = await readDataFromFile(path);
  t.is(samples.length, Math.ceil(words.length / 7) + 1);
  t.deepEqual(
    samples.flatMap(sample => sample.words),
    words,
  );
});

test('the event loop turns while a file is read', async t => {
  const path = file('word\tO\n\n'.repeat(100_000));
  let turns = 0;
  let reading = true;
  const turn = () => {
    turns++;
    if (reading) setImmediate(turn);
  };
  setImmediate(turn);
  await readDataFromFile(path);
  reading = false;
  t.true(turns > 5, `${turns}`);
});

test('readSentences can be left early', async t => {
  for await (const sample of readSentences(file('a\tO\n\nb\tO\n'))) {
    t.deepEqual(sample, { words: ['a'], labels: ['O'] });
    break;
  }
});

const bad: Record<string, [content: string, line: number, message: RegExp]> = {
  'a line without tab': [
    'a\tO\nb O\n',
    2,
    /1 line differs:\n {2}line 2: no tab in "b O"\n.*separator ' ' would fit/s,
  ],
  'a line with neither': ['a\tO\nb\n', 2, /no tab in "b"\nCorrect the lines/],
  'an empty word': ['a\tO\n\n\tO\n', 3, /line 3: no word before the separator/],
  'an empty tag': ['a\t\n', 1, /line 1: no tag after the last separator/],
  'a tag that is none': ['a\tO\nb\tNN\n', 2, /line 2: no tag: "NN" in "b\\tNN"/],
  'a tag without type': ['a\tB-\n', 1, /no tag: "B-"/],
  'a tag in lower case': ['a\to\n', 1, /no tag: "o"/],
};
for (const [name, [content, line, message]] of Object.entries(bad)) {
  test(`reports ${name} with file and line`, async t => {
    const path = file(content);
    const error = await t.throwsAsync(readDataFromFile(path), {
      instanceOf: DataError,
      code: 'ERR_DATA',
      message,
    });
    t.is(error.file, path);
    t.is(error.line, line);
    t.true(error.message.startsWith(`${path}:${line}: `));
  });
}

test('shows ten bad lines and counts the others', async t => {
  const error = await t.throwsAsync(readDataFromFile(file('good\tO\n\n'.concat('bad\n'.repeat(25)))));
  t.regex(error.message, /25 lines differ/);
  t.regex(error.message, /line 12: .*\n {2}and 15 more/);
  t.notRegex(error.message, /line 13:/);
});

const unreadable: Record<string, [content: Buffer, line: number | undefined, message: RegExp]> = {
  'an empty file': [Buffer.alloc(0), undefined, /Expected sentences.*found none/],
  'a file of comments': [Buffer.from('# a\n\n# b\n'), undefined, /found none/],
  'bytes that are not UTF-8': [
    Buffer.from('a\tO\nna\xefve\tO\n', 'latin1'),
    2,
    /other bytes\. Save the file as UTF-8/,
  ],
  'a character cut off by the end': [Buffer.from([0x61, 0x09, 0x4f, 0x0a, 0xc3]), 2, /other bytes/],
  'a NUL byte': [Buffer.from('a\tO\n\0\tO\n'), 2, /NUL byte/],
  'UTF-16': [Buffer.from('\uFEFFa\tO\n', 'utf16le'), undefined, /UTF-16\. Save it as UTF-8/],
  'a gzip file': [Buffer.from([0x1f, 0x8b, 8, 0, 0]), undefined, /gzip\. Unpack it/],
  'an endless line': [Buffer.alloc(2 ** 20 + 2 ** 17, 'a'), 1, /longer than 1 MiB/],
};
for (const [name, [content, line, message]] of Object.entries(unreadable)) {
  test(`refuses ${name}`, async t => {
    const error = await t.throwsAsync(readDataFromFile(file(content)), { instanceOf: DataError, message });
    t.is(error.line, line);
  });
}

test('refuses a missing file and a folder', async t => {
  const missing = join(folder, 'missing.iob2');
  const error = await t.throwsAsync(readDataFromFile(missing), {
    instanceOf: DataError,
    message: /there is none at/,
  });
  t.is((error.cause as NodeJS.ErrnoException).code, 'ENOENT');
  await t.throwsAsync(readDataFromFile(folder), { instanceOf: DataError, message: /it is a folder/ });
});

test('refuses options that cannot be', async t => {
  const options = { instanceOf: OptionError };
  await t.throwsAsync(readDataFromFile(''), options);
  await t.throwsAsync(readDataFromFile(file('a\tO\n'), { separator: '' }), options);
  await t.throwsAsync(readDataFromFile(file('a\tO\n'), { seperator: ' ' } as object), options);
});

// Counts of the corpora's own papers and of `cut`, `sort` and `uniq -c`.
const jnlpba: Record<string, [sentences: number, counts: Record<string, number>]> = {
  'train.iob2': [
    18_546,
    {
      O: 382_963,
      'B-protein': 30_269,
      'I-protein': 24_848,
      'B-cell_type': 6_718,
      'I-cell_type': 8_748,
      'B-DNA': 9_533,
      'I-DNA': 15_774,
      'B-cell_line': 3_830,
      'I-cell_line': 7_387,
      'B-RNA': 951,
      'I-RNA': 1_530,
    },
  ],
  'test.iob2': [
    3_856,
    {
      O: 81_647,
      'B-protein': 5_067,
      'I-protein': 4_774,
      'B-cell_type': 1_921,
      'I-cell_type': 2_991,
      'B-DNA': 1_056,
      'I-DNA': 1_789,
      'B-cell_line': 500,
      'I-cell_line': 989,
      'B-RNA': 118,
      'I-RNA': 187,
    },
  ],
};
for (const [name, [sentences, counts]] of Object.entries(jnlpba)) {
  const path = shared('data', 'jnlpba', name);
  testWith(test, path)(`JNLPBA ${name} has its sentences and tags`, async t => {
    const samples = await readDataFromFile(path);
    t.is(samples.length, sentences);
    t.deepEqual(getLabels(samples).labelsCount, counts);
  });
}

for (const [name, words] of Object.entries({ train: 135_701, devel: 23_969, test: 24_497 })) {
  const path = shared('data', 'ncbi-disease', `${name}.tsv`);
  testWith(test, path)(`NCBI-disease ${name} has its words`, async t => {
    const samples = await readDataFromFile(path);
    t.is(
      samples.reduce((sum, sample) => sum + sample.words.length, 0),
      words,
    );
  });
}
