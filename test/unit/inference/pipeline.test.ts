import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { PaddedBatch } from '../../../src/batch.ts';
import { CheckpointError, DisposedError, OptionError } from '../../../src/errors.ts';
import type { Entity } from '../../../src/inference/entities.ts';
import { pipeline } from '../../../src/inference/pipeline.ts';
import type { PipelineOptions } from '../../../src/inference/pipeline-options.ts';
import { BertForTokenClassification } from '../../../src/model/bert-for-token-classification.ts';
import { AutoTokenizer } from '../../../src/tokenization/auto-tokenizer.ts';
import { BertTokenizer } from '../../../src/tokenization/bert-tokenizer.ts';
import { getOptimizerWithWeightDecay } from '../../../src/training/optimizer.ts';
import { checkpoint } from '../../support/checkpoints.ts';
import { type PieceGolden, pieceGoldens } from '../../support/pipeline-goldens.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const folder = checkpoint('tc-safetensors');
const model = await BertForTokenClassification.fromPretrained(folder, { device: 'cpu' });
const tokenizer = await AutoTokenizer.fromPretrained(folder);
const goldens = pieceGoldens('cases');
const SENTENCE = 'Mouse thymus was used as a source of glucocorticoid receptor from normal CS lymphocytes.';

test.after.always(() => model.dispose());

function sameEntities(
  t: ExecutionContext,
  actual: readonly Entity[] | undefined,
  expected: readonly Entity[],
  message?: string,
): void {
  const withoutScores = (entities: readonly Entity[] = []) => entities.map(({ score, ...rest }) => rest);
  t.deepEqual(withoutScores(actual), withoutScores(expected), message);
  expected.forEach(({ score }, i) => {
    t.true(Math.abs((actual?.[i]?.score ?? Number.NaN) - score) <= 1e-5, message);
  });
}

async function meetsGoldens(t: ExecutionContext, cases: PieceGolden[], options: PipelineOptions) {
  for (const { text, ignoreLabels, entities } of cases) {
    const ner = await pipeline('ner', { ...options, ignoreLabels });
    sameEntities(t, await ner(text), entities, JSON.stringify(text));
  }
}

test('finds what transformers finds', async t => {
  await meetsGoldens(t, goldens, { model, tokenizer, aggregationStrategy: 'none' });
});

test('finds what transformers finds in lower-cased text', async t => {
  const uncased = await AutoTokenizer.fromPretrained(folder, { doLowerCase: true });
  await meetsGoldens(t, pieceGoldens('uncased_cases'), { model, tokenizer: uncased });
});

test('loads model and tokenizer by name', async t => {
  await using ner = await pipeline('token-classification', {
    model: folder,
    tokenizer: folder,
    device: 'cpu',
  });
  const [golden] = goldens;
  sameEntities(t, await ner(golden?.text ?? ''), golden?.entities ?? []);
});

test('takes a list of any length and order', async t => {
  const ner = await pipeline('ner', { model, tokenizer });
  const cases = goldens.filter(({ ignoreLabels }) => ignoreLabels === undefined);
  const many = Array.from({ length: 10 }, (_, round) => (round % 2 ? cases : cases.toReversed())).flat();
  const found = await ner(many.map(({ text }) => text));
  t.is(found.length, many.length);
  many.forEach(({ text, entities }, i) => {
    sameEntities(t, found[i], entities, JSON.stringify(text));
  });
});

test('what is nothing has no entities', async t => {
  const ner = await pipeline('ner', { model, tokenizer, ignoreLabels: [] });
  t.deepEqual(await ner([]), []);
  t.deepEqual(await ner(''), []);
  t.deepEqual(await ner(['', ' \n', '\u200b']), [[], [], []]);
});

test('a text of just the maximum is seen as a whole', async t => {
  const ner = await pipeline('ner', { model, tokenizer });
  for (const { text, entities } of pieceGoldens('long_cases')) {
    // transformers drops what is beyond 64 pieces, [CLS] and [SEP] among them.
    const { offsets, pieces } = tokenizer.encode(text, { addSpecialTokens: false });
    const seen = text.slice(0, offsets[61]?.[1]);
    t.deepEqual(tokenizer.tokenize(seen), pieces.slice(0, 62));
    sameEntities(t, await ner(seen), entities);
  }
});

test('a text beyond the maximum loses no piece: its windows are computed each for itself', async t => {
  const ner = await pipeline('ner', { model, tokenizer, ignoreLabels: [] });
  for (const { text } of pieceGoldens('long_cases')) {
    const { pieces, offsets } = tokenizer.encode(text);
    const found = await ner(text);
    t.deepEqual(
      found.map(({ index }) => [index, offsets[index], pieces[index]]),
      pieces.slice(1, -1).map((piece, i) => [i + 1, offsets[i + 1], piece]),
    );
    let start = 0;
    let done = 0;
    while (done < found.length) {
      const end = endOfWindow(text, start);
      const alone = await ner(text.slice(start, end));
      const moved = alone.map(entity => ({
        ...entity,
        index: entity.index + done,
        start: entity.start + start,
        end: entity.end + start,
      }));
      sameEntities(t, found.slice(done, done + alone.length), moved);
      start = end;
      done += alone.length;
    }
    t.is(done, found.length);
  }
});

/** Where the words from `start` on no longer fit into 62 pieces. */
function endOfWindow(text: string, start: number): number {
  let end = start;
  for (const word of text.slice(start).match(/\s*\S+/g) ?? []) {
    if (tokenizer.tokenize(text.slice(start, end + word.length)).length > 62) break;
    end += word.length;
  }
  return end;
}

test('the shorter of two maxima holds', async t => {
  const short = BertTokenizer.fromVocabulary(
    tokenizer.convertIdsToTokens(Array.from({ length: tokenizer.vocabSize }, (_, id) => id)),
    { doLowerCase: false, modelMaxLength: 6 },
  );
  const ner = await pipeline('ner', { model, tokenizer: short, ignoreLabels: [] });
  const whole = await pipeline('ner', { model, tokenizer, ignoreLabels: [] });
  sameEntities(t, (await ner('of cells of of cells')).slice(0, 4), await whole('of cells of of'));
});

test('a guess about the case is told', async t => {
  const copy = await mkdtemp(join(tmpdir(), 'nerbert-pipeline-'));
  try {
    for (const file of ['config.json', 'model.safetensors', 'vocab.txt']) {
      await copyFile(join(folder, file), join(copy, file));
    }
    // Other tests of this process warn as well.
    const told = new Promise<Error>(resolve => {
      const listen = (warning: Error) => {
        if (!warning.message.startsWith(`${copy}: `)) return;
        process.off('warning', listen);
        resolve(warning);
      };
      process.on('warning', listen);
    });
    const ner = await pipeline('ner', { model: copy, device: 'cpu' });
    const warning = await told;
    await ner.dispose();
    t.is(warning.name, 'NerbertWarning');
    t.regex(warning.message, /lower-case/);
  } finally {
    await rm(copy, { recursive: true });
  }
});

test('a classifier that was neither loaded nor trained is told', async t => {
  const warnings: Error[] = [];
  const listen = (warning: Error) => {
    if (warning.message.includes('initialised')) warnings.push(warning);
  };
  process.on('warning', listen);
  t.teardown(() => process.off('warning', listen));
  const told = async (options: PipelineOptions) => {
    await using _ner = await pipeline('ner', { tokenizer, ...options });
    await new Promise(resolve => setImmediate(resolve));
    return warnings.splice(0).map(({ name, message }) => `${name}: ${message}`);
  };
  t.deepEqual(await told({ model }), []);

  const id2label = ['O', 'B-x'];
  await using fresh = await BertForTokenClassification.fromPretrained(folder, { id2label, device: 'cpu' });
  const [warning = '', ...others] = await told({ model: fresh });
  t.deepEqual(others, []);
  t.regex(
    warning,
    /^NerbertWarning: The model: classifier\.weight, classifier\.bias newly initialised.* labels are random.*Fine-tune/,
  );
  const { ids } = tokenizer.encode('of cells');
  const batch: PaddedBatch = {
    inputIds: Int32Array.from(ids),
    labels: new Int32Array(ids.length),
    shape: [1, ids.length],
  };
  const optimizer = getOptimizerWithWeightDecay({ model: fresh, learningRate: 1e-3 });
  await fresh.trainStep(batch, { optimizer });
  t.deepEqual(await told({ model: fresh }), []);

  const bare = await temporaryFolder(t);
  await copyFile(checkpoint('no-prefix', 'model.safetensors'), join(bare, 'model.safetensors'));
  await copyFile(join(folder, 'config.json'), join(bare, 'config.json'));
  const [named = ''] = await told({ model: bare, device: 'cpu' });
  t.true(named.startsWith(`NerbertWarning: ${bare}: classifier.weight, classifier.bias newly`), named);
});

test('refuses options that it cannot use', async t => {
  const refused: [unknown, unknown, RegExp][] = [
    ['fill-mask', { model, tokenizer }, /"ner", "token-classification" for task but received "fill-mask"/],
    ['ner', undefined, /an object of options/],
    ['ner', {}, /folder or a BertForTokenClassification for model/],
    ['ner', { model: '' }, /for model/],
    ['ner', { model: { forward() {} }, tokenizer }, /for model/],
    ['ner', { model }, /for tokenizer but received undefined\. A loaded model/],
    ['ner', { model, tokenizer: 7 }, /for tokenizer but received 7/],
    [
      'ner',
      { model, tokenizer, aggregationStrategy: 'simple' },
      /"none" for aggregationStrategy but received "simple"/,
    ],
    ['ner', { model, tokenizer, ignoreLabels: 'O' }, /list of labels for ignoreLabels/],
    ['ner', { model, tokenizer, device: 'cuda' }, /cpu, where the loaded model computes, for device/],
    ['ner', { model, tokenizer, stride: 4 }, /only the options model, .*"stride"/],
  ];
  for (const [task, options, message] of refused) {
    await t.throwsAsync(pipeline(task as 'ner', options as PipelineOptions), {
      instanceOf: OptionError,
      message,
    });
  }
});

test('refuses a tokenizer that is not the model’s', async t => {
  const pieces = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', ...Array.from({ length: 400 }, (_, i) => `w${i}`)];
  const other = BertTokenizer.fromVocabulary(pieces, { doLowerCase: false });
  const message = /at most 400 pieces.* for tokenizer but received "?404/;
  await t.throwsAsync(pipeline('ner', { model, tokenizer: other }), { instanceOf: OptionError, message });
  const narrow = BertTokenizer.fromVocabulary(pieces.slice(0, 10), { doLowerCase: false, modelMaxLength: 2 });
  await t.throwsAsync(pipeline('ner', { model, tokenizer: narrow }), { instanceOf: OptionError });
});

test('names a folder that is none', async t => {
  await t.throwsAsync(pipeline('ner', { model: '/no/such/folder' }), {
    instanceOf: CheckpointError,
    message: /\/no\/such\/folder/,
  });
});

test('refuses what is no text', async t => {
  const ner = await pipeline('ner', { model, tokenizer });
  const refused: unknown[] = [undefined, null, 7, { text: 'a' }, ['a', 7], [['a', 'b']]];
  for (const text of refused) {
    await t.throwsAsync(ner(text as string), { instanceOf: OptionError, message: /for text/ });
  }
});

test('frees a model that it loaded behind the calls under way', async t => {
  const ner = await pipeline('ner', { model: folder, device: 'cpu' });
  const expected = await ner(SENTENCE);
  const underWay = ner(Array(500).fill(SENTENCE));
  await Promise.all([ner.dispose(), ner.dispose()]);
  const found = await underWay;
  t.is(found.length, 500);
  sameEntities(t, found.at(-1), expected);
  await t.throwsAsync(ner(SENTENCE), { instanceOf: DisposedError });
  const { ids } = ner.tokenizer.encode(SENTENCE);
  await t.throwsAsync(ner.model.forward({ inputIds: Int32Array.from(ids), shape: [1, ids.length] }), {
    instanceOf: DisposedError,
  });
});

test('leaves a model that it was given alone', async t => {
  const ner = await pipeline('ner', { model, tokenizer });
  await ner.dispose();
  await t.throwsAsync(ner(SENTENCE), { instanceOf: DisposedError, message: /live pipeline/ });
  const again = await pipeline('ner', { model, tokenizer });
  t.true((await again(SENTENCE)).length > 0);
});

test('a disposed model is told', async t => {
  const gone = await BertForTokenClassification.fromPretrained(folder, { device: 'cpu' });
  const ner = await pipeline('ner', { model: gone, tokenizer });
  await gone.dispose();
  await t.throwsAsync(ner(SENTENCE), { instanceOf: DisposedError, message: /live model/ });
});
