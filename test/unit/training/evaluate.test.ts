import test from 'ava';
import type { PackedBatch } from '../../../src/batch.ts';
import type { DataSample } from '../../../src/data/sample.ts';
import { OptionError } from '../../../src/errors.ts';
import { entityReport } from '../../../src/evaluation/entity-report.ts';
import { entityScores } from '../../../src/evaluation/entity-scores.ts';
import { wordReport } from '../../../src/evaluation/word-report.ts';
import { wordScores } from '../../../src/evaluation/word-scores.ts';
import type { BertForTokenClassification } from '../../../src/model/bert-for-token-classification.ts';
import { relativeDifference } from '../../support/numbers.ts';
import { eventsOf, loaderOf, only, sentences, smallModel, trainerOf } from '../../support/small-training.ts';

/** The tag of each word of a sentence whose words all have pieces, straight from the logits of one window. */
async function tagsOf(model: BertForTokenClassification, sample: DataSample): Promise<string[]> {
  const [batch] = [...loaderOf(model, [sample])] as PackedBatch[];
  if (!batch) return [];
  const { logits, shape } = await model.forward(batch);
  const count = shape[1] ?? 0;
  return Array.from(batch.labels ?? []).flatMap((label, piece) => {
    if (label === -100) return [];
    const row = logits.subarray(piece * count, (piece + 1) * count);
    return model.config.id2label[row.indexOf(Math.max(...row))] ?? '?';
  });
}

/** A model that is neither ignorant nor perfect. */
async function halfTrained(): Promise<BertForTokenClassification> {
  const model = await smallModel();
  await trainerOf(model).train({ dataloaderTrain: loaderOf(model, sentences(28)) });
  return model;
}

test('loss, scores and reports are those of the predictions, whatever the batches', async t => {
  await using model = await halfTrained();
  const samples = sentences(15, 60);
  const yTrue = samples.map(sample => sample.labels);
  const yPred = await Promise.all(samples.map(sample => tagsOf(model, sample)));
  const losses = await Promise.all(
    samples.map(async ({ words, labels }) => {
      const { loss = 0 } = await model.forward([...loaderOf(model, [{ words, labels }])][0] as PackedBatch);
      return loss * words.length;
    }),
  );
  const words = yTrue.flat().length;
  for (const options of [{}, { batchSize: 7 }, { shuffle: true }, { groupByLength: true }]) {
    const result = await trainerOf(model).evaluate(loaderOf(model, samples, options));
    t.true(result.f1 > 0 && result.f1 < 1, `${result.f1}`);
    t.is(result.f1, entityScores(yTrue, yPred).micro.f1);
    t.deepEqual(result.entities, entityScores(yTrue, yPred));
    t.deepEqual(result.words, wordScores(yTrue.flat(), yPred.flat()));
    t.is(result.reportEntities, entityReport(yTrue, yPred, { digits: 4 }));
    t.is(result.reportTokens, wordReport(yTrue.flat(), yPred.flat(), { digits: 4 }));
    t.true(relativeDifference(result.loss, losses.reduce((a, b) => a + b) / words) < 1e-5);
    t.deepEqual([result.sentences, result.scoredWords, result.wordsLostToCut], [15, words, 0]);
  }
});

/* Words without pieces at the start, within and at the end, and a sentence of them alone. */
const blank = '\u200b';
const withBlanks: DataSample[] = [
  { words: [blank, 'p53', blank, 'gene', blank], labels: ['B-cell', 'B-protein', 'O', 'O', 'O'] },
  { words: [blank, blank], labels: ['B-cell', 'O'] },
  { words: ['T', 'cells'], labels: ['B-cell', 'I-cell'] },
];

test('words without pieces count, as O', async t => {
  await using model = await halfTrained();
  const predicted = new Map<string, readonly string[]>();
  const loader = loaderOf(model, withBlanks, { batchSize: 2 });
  const data = { dataloaderTrain: loaderOf(model, sentences(4)), dataloaderVal: loader };
  const events = await eventsOf(trainerOf(model, { learningRate: 0 }), data);
  for (const { words, predictions } of only(events, 'mistake')) predicted.set(words.join(' '), predictions);
  t.deepEqual(predicted.get(`${blank} ${blank}`), ['O', 'O']);
  const [first, , third, , fifth] = predicted.get(withBlanks[0]?.words.join(' ') ?? '') ?? [];
  t.deepEqual([first, third, fifth], ['O', 'O', 'O']);
  const { sentences: count, scoredWords, wordsLostToCut, words } = await trainerOf(model).evaluate(loader);
  t.deepEqual([count, scoredWords, wordsLostToCut], [3, 9, 5]);
  t.is(words.perTag['B-cell']?.support, 3);
});

test('words beyond a cut count as O; windows lose none of them', async t => {
  await using model = await halfTrained();
  const long = sentences(6).reduce((joined, { words, labels }) => ({
    words: [...joined.words, ...words],
    labels: [...joined.labels, ...labels],
  }));
  const load = (longSentences: 'cut' | 'windows') =>
    loaderOf(model, [long], { longSentences }, { maxLenSeq: 12 });
  const [windows, cut] = [
    await trainerOf(model).evaluate(load('windows')),
    await trainerOf(model).evaluate(load('cut')),
  ];
  t.is(windows.scoredWords, long.words.length);
  t.is(cut.scoredWords, long.words.length);
  t.true((cut.wordsLostToCut ?? 0) > 10);
  t.is(windows.wordsLostToCut, cut.wordsLostToCut);
  t.true(windows.entities.micro.recall > cut.entities.micro.recall);
  const lost = long.words.slice(-(cut.wordsLostToCut ?? 0));
  const data = { dataloaderTrain: loaderOf(model, sentences(4)), dataloaderVal: load('cut') };
  const [mistake] = only(await eventsOf(trainerOf(model, { learningRate: 0 }), data), 'mistake');
  t.deepEqual(mistake?.words, long.words);
  t.true(mistake?.predictions.slice(-lost.length).every(tag => tag === 'O'));
});

test('batches without their sentences are scored by their labelled pieces', async t => {
  await using model = await halfTrained();
  const samples = sentences(6, 60);
  const whole = await trainerOf(model).evaluate(loaderOf(model, samples));
  const bare = [...loaderOf(model, samples)].map(batch => {
    const { labelledWords: _, ...rest } = batch as PackedBatch;
    return rest;
  });
  const pieces = await trainerOf(model).evaluate(bare);
  t.deepEqual({ ...pieces, wordsLostToCut: 0 }, whole);
  t.is(pieces.wordsLostToCut, undefined);
});

test('without a labelled word there is nothing to score', async t => {
  await using model = await smallModel();
  const refusal = { instanceOf: OptionError, message: /at least one labelled word for dataloaderVal/ };
  await t.throwsAsync(trainerOf(model).evaluate([]), refusal);
  await t.throwsAsync(trainerOf(model).evaluate(loaderOf(model, [])), refusal);
});
