import { join } from 'node:path';
import { writeFileAtomically } from '../files.ts';
import { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import { scoreTables } from '../report/classification-report.ts';
import type { BertTokenizer } from '../tokenization/bert-tokenizer.ts';
import { evaluateModel } from '../training/evaluate.ts';
import type { TrainResult } from '../training/events.ts';
import { getOptimizerWithWeightDecay } from '../training/optimizer.ts';
import { jsonText, scoreReport } from '../training/outputs/report.ts';
import { removeStates } from '../training/resume/state-folders.ts';
import { getScheduler } from '../training/schedules.ts';
import { BertTrainer } from '../training/trainer.ts';
import { type Corpus, prepareLoader } from './corpus.ts';
import type { DataSource } from './data-source.ts';
import { describeModel, loadModel, openInputs } from './inputs.ts';
import { writeEvents, writeJson } from './json-events.ts';
import { loopSettings } from './loop-options.ts';
import { shownPath } from './paths.ts';
import { writeRunConfig } from './run-config.ts';
import { dataSourceOf, describeBest, describeEnd } from './train-messages.ts';
import type { TrainOptions } from './train-options.ts';

/** Sentences that are predicted at once: enough to keep the matrix products busy, few enough to need little memory. */
const EVALUATION_BATCH = 32;

/** Options of a run whose folder is settled. */
export type TrainRun = TrainOptions & { outputDir: string };

/** Trains from options to a run folder, and tells on the way what is done with what. */
export async function train(chosen: DataSource, run: TrainRun, signal: AbortSignal): Promise<void> {
  const say = (text: string): void => {
    (run.json ? process.stderr : process.stdout).write(`${text}\n`);
  };
  const inputs = await openInputs(chosen, run, say, signal);
  const { source, checkpoint, tokenizer, corpus } = inputs;
  await using model = await loadModel(inputs, run);
  say(describeModel(model, inputs, run));
  if (!run.resume) await writeRunConfig(source, checkpoint.folder, run, model);

  const result = await trainModel(source, model, tokenizer, corpus, run, signal);
  if (result.best) say(describeBest(result.best, run.epochs));
  if (corpus.test) {
    const tables = await scoreTestFile(corpus.test, tokenizer, run, signal);
    say(`\nTest file: ${shownPath(source.testFile ?? '')}\n\n${tables}`);
  }
  say(describeEnd(source, run));
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
