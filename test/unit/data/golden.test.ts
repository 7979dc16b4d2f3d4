import { readFileSync } from 'node:fs';
import test from 'ava';
import { readDataFromFile } from '../../../src/data/conll.ts';
import { NerDataset } from '../../../src/data/dataset.ts';
import { getLabels } from '../../../src/data/labels.ts';
import { data2tensors } from '../../../src/data/tensors.ts';
import { AutoTokenizer } from '../../../src/tokenization/auto-tokenizer.ts';
import { BertTokenizer } from '../../../src/tokenization/bert-tokenizer.ts';
import { fixture, shared, testWith } from '../../support/shared.ts';

interface Golden {
  labels: string[];
  word_lists: {
    words: string[];
    tags: string[];
    encoded: Record<string, Record<'input_ids' | 'attention_mask' | 'token_type_ids' | 'labels', number[]>>;
  }[];
}

const golden: Golden = JSON.parse(readFileSync(fixture('goldens', 'tokenizer_cases.json'), 'utf8'));
const pieces = readFileSync(fixture('goldens', 'checkpoints', 'tc-safetensors', 'vocab.txt'), 'utf8').split(
  '\n',
);
const labels2ind = Object.fromEntries(golden.labels.map((label, id) => [label, id]));

for (const kind of ['cased/16', 'cased/24', 'cased/48', 'uncased/24']) {
  test(`data2tensors encodes word lists as the reference does, ${kind}`, t => {
    const tokenizer = BertTokenizer.fromVocabulary(pieces.slice(0, -1), {
      doLowerCase: kind.startsWith('uncased'),
    });
    const dataset = golden.word_lists.map(({ words, tags }) => ({ words, labels: tags }));
    const maxLenSeq = Number(kind.split('/')[1]);
    const rows = data2tensors({ dataset, tokenizer, labels2ind, maxLenSeq });
    rows.forEach((row, index) => {
      const expected = golden.word_lists[index]?.encoded[kind];
      t.deepEqual(
        {
          input_ids: [...row.inputIds],
          attention_mask: [...row.attentionMask],
          token_type_ids: [...row.tokenTypeIds],
          labels: [...row.labels],
        },
        expected,
        `word list ${index}`,
      );
    });
    t.is(rows.length, 40);
  });
}

// As the reference counts them with the same tokenizer at 128 positions.
const lost: [file: string[], words: number][] = [
  [['jnlpba', 'train.iob2'], 968],
  [['jnlpba', 'test.iob2'], 231],
  [['ncbi-disease', 'train.tsv'], 59],
  [['ncbi-disease', 'test.tsv'], 9],
];
for (const [parts, words] of lost) {
  const path = shared('data', ...parts);
  const model = shared('models', 'all-MiniLM-L6-v2');
  testWith(
    test,
    path,
    model,
  )(`a single window would lose ${words} words of ${parts.join('/')}; windows lose none`, async t => {
    const dataset = await readDataFromFile(path);
    const tokenizer = await AutoTokenizer.fromPretrained(model);
    const { labels2ind } = getLabels(dataset);
    const set = new NerDataset({ dataset, tokenizer, labels2ind, maxLenSeq: 128, stride: 32 });
    await set.prepare();
    t.is(set.wordsLostToCut, words);
    let labelled = 0;
    for (let index = 0; index < set.length; index++)
      labelled += set.windows(index).labelledWords.words.length;
    t.is(
      labelled,
      dataset.reduce((sum, sample) => sum + sample.words.length, 0),
    );
  });
}
