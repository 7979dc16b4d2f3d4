// @ts-check
/*
 * How free the event loop stays while a model is trained: the delay of a 5 ms timer in the training process from its
 * first to its last step, evaluation, scoring, saving and drawing included, beside that of an idle process which runs
 * at the same time.
 *
 *   node bench/event-loop.mjs TRAIN.iob2 TEST.iob2 MODEL [sentences] [evaluation sentences]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AutoTokenizer,
  BertForTokenClassification,
  BertTrainer,
  DataLoader,
  getLabels,
  getOptimizerWithWeightDecay,
  NerDataset,
  readDataFromFile,
} from 'nerbert';
import { measureTimerDelay } from './timer-delay.mjs';

const [trainFile, testFile, folder, sentences = '2000', evaluated = '3856'] = process.argv.slice(2);
if (!trainFile || !testFile || !folder) {
  console.error(
    'Usage: node bench/event-loop.mjs TRAIN.iob2 TEST.iob2 MODEL [sentences] [evaluation sentences]',
  );
  process.exit(2);
}

const training = (await readDataFromFile(trainFile)).slice(0, Number(sentences));
const validation = (await readDataFromFile(testFile)).slice(0, Number(evaluated));
const { labels2ind } = getLabels([...training, ...validation]);
const tokenizer = await AutoTokenizer.fromPretrained(folder);
const model = await BertForTokenClassification.fromPretrained(folder, {
  id2label: Object.keys(labels2ind),
  hiddenDropoutProb: 0.3,
  attentionProbsDropoutProb: 0.3,
});
const outputDir = await mkdtemp(join(tmpdir(), 'nerbert-bench-'));
const loader = (/** @type {typeof training} */ dataset, /** @type {boolean} */ shuffle) =>
  new DataLoader({
    dataset: new NerDataset({ dataset, tokenizer, labels2ind, maxLenSeq: 128 }),
    batchSize: 32,
    shuffle,
  });
const trainer = new BertTrainer({
  model,
  tokenizer,
  optimizer: getOptimizerWithWeightDecay({ model, learningRate: 5e-5 }),
  nEpochs: 1,
  labels2ind: model.config.label2id,
  outputDir,
});

const idle = fork(new URL('./idle.mjs', import.meta.url));
const begin = performance.now();
const delay = measureTimerDelay();
let steps = 0;
for await (const event of trainer.run({
  dataloaderTrain: loader(training, true),
  dataloaderVal: loader(validation, false),
})) {
  if (event.type === 'step') steps = event.step;
}
const busy = delay.stop();
idle.send('stop');
const [baseline] = await once(idle, 'message');
await model.dispose();
await rm(outputDir, { recursive: true });

const seconds = ((performance.now() - begin) / 1000).toFixed(0);
console.log(
  `${steps} steps and an evaluation of ${validation.length} sentences in ${seconds} s; delay of a 5 ms timer in ms`,
);
console.log('| process | ticks | median | 99 % | 99.9 % | longest |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const [name, result] of Object.entries({ training: busy, idle: baseline })) {
  const cells = [result.p50, result.p99, result.p999, result.max].map(ms => ms.toFixed(1));
  console.log(`| ${[name, result.ticks, ...cells].join(' | ')} |`);
}
