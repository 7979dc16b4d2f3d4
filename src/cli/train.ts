import { join } from 'node:path';
import { readConfig } from '../checkpoint/config.ts';
import { autoDtype } from '../engine/auto-dtype.ts';
import { resolveDevice } from '../engine/device.ts';
import { loadNative } from '../engine/native.ts';
import { OptionError } from '../errors.ts';
import { writeFileAtomically } from '../files.ts';
import { type LocatedCheckpoint, locateCheckpoint } from '../hub/checkpoint-folder.ts';
import { hubOptions } from '../hub/settings.ts';
import { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import type { ModelOptions } from '../model/model-options.ts';
import { scoreTables } from '../report/classification-report.ts';
import { AutoTokenizer } from '../tokenization/auto-tokenizer.ts';
import type { BertTokenizer } from '../tokenization/bert-tokenizer.ts';
import { vocabularyWarnings } from '../tokenization/vocabulary-fit.ts';
import { evaluateModel } from '../training/evaluate.ts';
import type { TrainResult } from '../training/events.ts';
import { getOptimizerWithWeightDecay } from '../training/optimizer.ts';
import { jsonText, scoreReport } from '../training/outputs/report.ts';
import { removeStates } from '../training/resume/state-folders.ts';
import { getScheduler } from '../training/schedules.ts';
import { BertTrainer } from '../training/trainer.ts';
import { classWeightsOf } from './class-weights.ts';
import { flagOf } from './command-options.ts';
import { type Corpus, prepareLoader, readCorpus, sampleWords, tagsOf, tagTable } from './corpus.ts';
import type { DataSource } from './data-source.ts';
import { writeEvents, writeJson } from './json-events.ts';
import { loopSettings } from './loop-options.ts';
import { fetchNamedCorpora } from './named-corpora.ts';
import { shownPath } from './paths.ts';
import { writeRunConfig } from './run-config.ts';
import {
  dataSourceOf,
  describeBest,
  describeEnd,
  describeFrozen,
  describeMachine,
  describeSource,
} from './train-messages.ts';
import type { TrainOptions } from './train-options.ts';

/** Sentences that are predicted at once: enough to keep the matrix products busy, few enough to need little memory. */
const EVALUATION_BATCH = 32;

/** Enough to tell whether the vocabulary fits, and encoded in an instant. */
const FIT_WORDS = 10_000;

/** Options of a run whose folder is settled. */
export type TrainRun = TrainOptions & { outputDir: string };

/** Trains from options to a run folder, and tells on the way what is done with what. */
export async function train(chosen: DataSource, run: TrainRun, signal: AbortSignal): Promise<void> {
  const say = (text: string): void => {
    (run.json ? process.stderr : process.stdout).write(`${text}\n`);
  };
  const source = await fetchNamedCorpora(chosen, say, signal);
  say(describeSource(source));
  const corpus = await readCorpus(source, run.limit);
  say(`${tagTable(corpus)}\n`);

  const checkpoint = await locateCheckpoint(source.model, 'checkpoint', hubOptions(run), { signal, say });
  const tokenizer = await AutoTokenizer.fromPretrained(source.model, checkpoint.options);
  for (const note of tokenizer.notes) say(note);
  for (const warning of vocabularyWarnings(tokenizer, sampleWords(corpus.train, FIT_WORDS)))
    say(`${warning}\n`);
  const chosenDtype =
    run.dtype === 'auto' ? autoDtype(resolveDevice(run.device), loadNative().runtimeInfo()) : undefined;
  const dtype = chosenDtype?.dtype ?? run.dtype;
  await using model = await loadModel(source, checkpoint, corpus, { ...run, dtype });
  if (model.loadingReport) say(model.loadingReport);
  if (run.freezeEmbeddings || run.freezeLayers > 0) say(describeFrozen(model, run.freezeLayers));
  say(describeMachine(model, chosenDtype?.reason));
  if (!run.resume) await writeRunConfig(source, checkpoint.folder, run, model);

  const result = await trainModel(source, model, tokenizer, corpus, run, signal);
  if (result.best) say(describeBest(result.best, run.epochs));
  if (corpus.test) {
    const tables = await scoreTestFile(corpus.test, tokenizer, run, signal);
    say(`\nTest file: ${shownPath(source.testFile ?? '')}\n\n${tables}`);
  }
  say(describeEnd(source, run));
}

/** The checkpoint, or for the demo a model from scratch, with a classifier for the tags of the corpus. */
async function loadModel(
  { kind, model }: DataSource,
  { folder, options: hub }: LocatedCheckpoint,
  corpus: Corpus,
  run: TrainRun,
): Promise<BertForTokenClassification> {
  const { json, config } = await readConfig(folder);
  const { dropout, device, dtype, seed, classWeights, freezeEmbeddings, freezeLayers } = run;
  for (const [name, limit, what] of [
    ['maxLenSeq', config.maxPositionEmbeddings, 'positions'],
    ['freezeLayers', config.numHiddenLayers, 'layers'],
  ] as const) {
    if (run[name] > limit)
      throw new OptionError(flagOf(name), `at most ${limit}, the model's ${what},`, run[name]);
  }
  const tags = tagsOf(corpus);
  const known = Object.values(config.id2label);
  const fresh = !tags.every(tag => known.includes(tag));
  const options: ModelOptions = {
    ...(fresh && { id2label: tags }),
    ...(classWeights !== undefined && {
      classWeights: await classWeightsOf(classWeights, fresh ? tags : known, corpus.train),
    }),
    freeze: { embeddings: freezeEmbeddings || freezeLayers > 0, layers: freezeLayers },
    hiddenDropoutProb: dropout,
    attentionProbsDropoutProb: dropout,
    classifierDropout: dropout,
    device,
    dtype,
    seed,
  };
  return kind === 'demo'
    ? BertForTokenClassification.fromConfig(json, options)
    : BertForTokenClassification.fromPretrained(model, { ...options, ...hub });
}

async function trainModel(
  source: DataSource,
  model: BertForTokenClassification,
  tokenizer: BertTokenizer,
  corpus: Corpus,
  run: TrainRun,
  signal: AbortSignal,
): Promise<TrainResult> {
  const { label2id } = model.config;
  const dataloaderTrain = await prepareLoader(corpus.train, tokenizer, label2id, { ...run, shuffle: true });
  const dataloaderVal =
    corpus.evaluation && (await evaluationLoader(corpus.evaluation, tokenizer, label2id, run));
  const { accumulateGradEvery, epochs } = run;
  const optimizer = getOptimizerWithWeightDecay({
    model,
    optimizer: run.optimizer,
    learningRate: run.learningRate,
    weightDecay: run.weightDecay,
    layerwiseDecay: run.layerwiseDecay,
  });
  const numTrainingSteps = epochs * Math.ceil(dataloaderTrain.length / accumulateGradEvery);
  const trainer = new BertTrainer({
    model,
    tokenizer,
    optimizer,
    nEpochs: epochs,
    labels2ind: label2id,
    scheduler: getScheduler(run.scheduler, {
      optimizer,
      numWarmupSteps: run.warmupSteps ?? run.warmupRatio * numTrainingSteps,
      numTrainingSteps,
      numCycles: run.numCycles,
      power: run.power,
      lrEnd: run.lrEnd,
    }),
    clipping: run.clipping,
    accumulateGradEvery,
    lossReduction: run.lossReduction,
    printEvery: run.printEvery,
    printValMistakes: run.printValMistakes,
    maxMistakes: run.maxMistakes,
    ...loopSettings(run),
    outputDir: run.outputDir,
    report: run.report,
    history: run.history,
    tensorboard: run.tensorboard,
    figures: run.figures,
    figureTheme: run.figureTheme,
    dataSource: dataSourceOf(source),
  });
  if (run.overwrite) await removeStates(run.outputDir);
  const data = { dataloaderTrain, dataloaderVal, stopSignal: signal, resume: run.resume };
  return run.json ? writeEvents(trainer.run(data), run) : trainer.train(data);
}

/** Scores the best epoch, as it was saved, on sentences that played no part in choosing it. @returns the tables */
async function scoreTestFile(
  samples: Corpus['train'],
  tokenizer: BertTokenizer,
  run: TrainRun,
  signal: AbortSignal,
): Promise<string> {
  await using model = await BertForTokenClassification.fromPretrained(run.outputDir, { device: run.device });
  const loader = await evaluationLoader(samples, tokenizer, model.config.label2id, run);
  const evaluation = await evaluateModel(model, tokenizer, loader, signal);
  if (run.json) writeJson({ type: 'test', evaluation });
  const tables = scoreTables(evaluation);
  if (run.report) {
    await writeFileAtomically(join(run.outputDir, 'test_report.json'), jsonText(scoreReport(evaluation)));
    await writeFileAtomically(join(run.outputDir, 'test_report.txt'), tables);
  }
  return tables.trimEnd();
}

function evaluationLoader(
  samples: Corpus['train'],
  tokenizer: BertTokenizer,
  label2id: Record<string, number>,
  run: TrainRun,
): ReturnType<typeof prepareLoader> {
  return prepareLoader(samples, tokenizer, label2id, { ...run, batchSize: EVALUATION_BATCH, shuffle: false });
}
