import { availableParallelism } from 'node:os';
import { readConfig } from '../checkpoint/config.ts';
import type { Device } from '../engine/device.ts';
import { libtorchInfo, loadNative } from '../engine/native.ts';
import { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import type { ModelOptions } from '../model/model-options.ts';
import { AutoTokenizer } from '../tokenization/auto-tokenizer.ts';
import type { BertTokenizer } from '../tokenization/bert-tokenizer.ts';
import { printEvents } from '../training/console-printer.ts';
import { type Evaluation, evaluateModel } from '../training/evaluate.ts';
import type { TrainerEvent, TrainResult } from '../training/events.ts';
import { getOptimizerWithWeightDecay } from '../training/optimizer.ts';
import { getLinearScheduleWithWarmup } from '../training/schedules.ts';
import { BertTrainer } from '../training/trainer.ts';
import { type Corpus, prepareLoader, readCorpus, tagsOf, tagTable } from './corpus.ts';
import { type DataSource, nextCommand } from './data-source.ts';
import type { TrainOptions } from './train-options.ts';

/** Options of a run whose folder is settled. */
export type RunOptions = TrainOptions & { outputDir: string };

/** Trains from options to a run folder, and tells on the way what is done with what. */
export async function train(source: DataSource, options: RunOptions, signal: AbortSignal): Promise<void> {
  const say = (text: string): void => {
    (options.json ? process.stderr : process.stdout).write(`${text}\n`);
  };
  say(describeSource(source));
  const corpus = await readCorpus({ ...source, testFile: options.testFile }, options.limit);
  say(`${tagTable(corpus)}\n`);

  const tokenizer = await AutoTokenizer.fromPretrained(source.model);
  for (const note of tokenizer.notes) say(note);
  await using model = await loadModel(source, corpus, options);
  if (model.loadingReport) say(model.loadingReport);
  say(describeMachine(model));

  const result = await trainModel(model, tokenizer, corpus, options, signal);
  const best = result.best?.evaluation;
  if (best) say(`\n${describeEvaluation(best)}`);
  if (corpus.test) await scoreTestFile(corpus.test, tokenizer, options, say);
  say(
    `The run is in ${options.outputDir}: model, tokenizer, report and figures.\n${nextCommand(source, options.outputDir)}`,
  );
}

async function trainModel(
  model: BertForTokenClassification,
  tokenizer: BertTokenizer,
  corpus: Corpus,
  options: RunOptions,
  signal: AbortSignal,
): Promise<TrainResult> {
  const { label2id } = model.config;
  const dataloaderTrain = await prepareLoader(corpus.train, tokenizer, label2id, {
    ...options,
    shuffle: true,
  });
  const dataloaderVal =
    corpus.evaluation &&
    (await prepareLoader(corpus.evaluation, tokenizer, label2id, {
      ...options,
      batchSize: evaluationBatch,
      shuffle: false,
    }));
  const { optimizer: kind, learningRate, weightDecay, accumulateGradEvery, epochs } = options;
  const optimizer = getOptimizerWithWeightDecay({ model, optimizer: kind, learningRate, weightDecay });
  const numTrainingSteps = epochs * Math.ceil(dataloaderTrain.length / accumulateGradEvery);
  const trainer = new BertTrainer({
    model,
    tokenizer,
    optimizer,
    nEpochs: epochs,
    labels2ind: label2id,
    scheduler: getLinearScheduleWithWarmup({
      optimizer,
      numWarmupSteps: options.warmupRatio * numTrainingSteps,
      numTrainingSteps,
    }),
    clipping: options.clipping,
    accumulateGradEvery,
    lossReduction: options.lossReduction,
    printEvery: options.printEvery,
    printValMistakes: options.printValMistakes,
    maxMistakes: options.maxMistakes,
    outputDir: options.outputDir,
  });
  const data = { dataloaderTrain, dataloaderVal, signal };
  return options.json ? printJson(trainer.run(data), options) : trainer.train(data);
}

/** Sentences that are predicted at once: enough to keep the matrix products busy, few enough to need little memory. */
const evaluationBatch = 32;

/** One JSON event a line, mistakes only where they are asked for. */
async function printJson(events: AsyncIterable<TrainerEvent>, options: RunOptions): Promise<TrainResult> {
  const written = async function* (): AsyncGenerator<TrainerEvent> {
    for await (const event of events) {
      if (event.type !== 'mistake' || options.printValMistakes)
        process.stdout.write(`${JSON.stringify(event)}\n`);
      yield event;
    }
  };
  return printEvents(written(), {
    nEpochs: options.epochs,
    printEvery: options.printEvery,
    progress: false,
    printValMistakes: false,
    maxMistakes: undefined,
  });
}

async function loadModel(
  source: DataSource,
  corpus: Corpus,
  options: RunOptions,
): Promise<BertForTokenClassification> {
  const { dropout, device, dtype, seed } = options;
  const { json, config } = await readConfig(source.model);
  const tags = tagsOf(corpus);
  const known = Object.values(config.id2label);
  const modelOptions: ModelOptions = {
    ...(tags.every(tag => known.includes(tag)) ? {} : { id2label: tags }),
    hiddenDropoutProb: dropout,
    attentionProbsDropoutProb: dropout,
    classifierDropout: dropout,
    device: device as Device,
    dtype,
    seed,
  };
  return source.kind === 'demo'
    ? BertForTokenClassification.fromConfig(json, modelOptions)
    : BertForTokenClassification.fromPretrained(source.model, modelOptions);
}

/** Scores the best epoch, as it was saved, on sentences that played no part in choosing it. */
async function scoreTestFile(
  samples: Corpus['train'],
  tokenizer: BertTokenizer,
  options: RunOptions,
  say: (text: string) => void,
): Promise<void> {
  await using model = await BertForTokenClassification.fromPretrained(options.outputDir, {
    device: options.device as Device,
  });
  const loader = await prepareLoader(samples, tokenizer, model.config.label2id, {
    ...options,
    batchSize: evaluationBatch,
    shuffle: false,
  });
  const evaluation = await evaluateModel(model, tokenizer, loader);
  say(`\nTest file ${options.testFile}, best epoch:\n\n${describeEvaluation(evaluation)}`);
  if (options.json) process.stdout.write(`${JSON.stringify({ type: 'test', evaluation })}\n`);
}

function describeSource(source: DataSource): string {
  const files = `${source.trainFile}${source.evalFile === undefined ? '' : ` and ${source.evalFile}`}`;
  if (source.kind !== 'demo') return `Training data: ${files}`;
  return `No --train-file, and no corpus in ./data/JNLPBA: this is the built-in demo.
It trains a tiny BERT from scratch on a synthetic corpus (${files}), to show
how everything works; its scores say nothing about real text. Real data: put the corpus JNLPBA into ./data/JNLPBA
(Genia4ERtask1.iob2 and Genia4EReval1.iob2), or name IOB2 files of your own with --train-file and --eval-file.
`;
}

function describeMachine(model: BertForTokenClassification): string {
  const { threads, cpuCapability } = loadNative().runtimeInfo();
  const libtorch = libtorchInfo();
  const where =
    model.device === 'cpu'
      ? `the CPU, ${threads} of ${availableParallelism()} threads, ${cpuCapability}`
      : model.device;
  return `Computing on ${where}, in ${model.dtype}, with libtorch ${libtorch.version}.`;
}

function describeEvaluation({ reportEntities, reportTokens }: Evaluation): string {
  return `Entities\n${reportEntities}\nWords\n${reportTokens}`;
}
