import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { readCorpus, tagsOf, tagTable } from '../../../src/cli/corpus.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('a corpus is read part by part, its tags are those of all parts, and a table counts them', async t => {
  const folder = await temporaryFolder(t);
  const [trainFile, evalFile, testFile] = ['train', 'eval', 'test'].map(name => join(folder, name));
  const many = 'p53\tB-protein\nbinds\tO\n\n'.repeat(1200);
  await writeFile(trainFile ?? '', many);
  await writeFile(evalFile ?? '', 'T\tB-cell\ncells\tI-cell\n');
  await writeFile(testFile ?? '', 'the\tO\n\na\tO\n\nan\tO\n');
  const files = { trainFile: trainFile ?? '', evalFile, testFile };

  const corpus = await readCorpus(files, undefined);
  t.deepEqual(tagsOf(corpus), ['B-cell', 'B-protein', 'I-cell', 'O']);
  t.is(
    tagTable(corpus),
    `           training  evaluation  test
sentences     1,200           1     3
O             1,200           0     3
B-cell            0           1     0
B-protein     1,200           0     0
I-cell            0           1     0`,
  );

  const limited = await readCorpus({ ...files, evalFile: undefined }, 2);
  t.deepEqual([limited.train.length, limited.evaluation, limited.test?.length], [2, undefined, 2]);
  t.regex(tagTable(limited), /^ +training {2}test\n/);
});
