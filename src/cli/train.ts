import { join } from 'node:path';
import { writeFileAtomically } from '../files.ts';
import { BertForTokenClassification } from '../model/bert-for-token-classification.ts';
import { scoreTables } from '../report/classification-report.ts';
import type { BertTokenizer } from '../tokenization/bert-tokenizer.ts';
import { type Evaluation, evaluateModel } from '../training/evaluate.ts';
import type { BestEpoch, TrainResult } from '../training/events.ts';
import { getOptimizerWithWeightDecay, type Optimizer } from '../training/optimizer.ts';
import { jsonText, scoreReport } from '../training/outputs/report.ts';
import type { Plan } from '../training/plan/plan.ts';
import { timeTrial } from '../training/plan/trial.ts';
import { removeStates } from '../training/resume/state-folders.ts';
import { getScheduler } from '../training/schedules.ts';
import { BertTrainer } from '../training/trainer.ts';
import { type Corpus, prepareLoader } from './corpus.ts';
import type { DataSource } from './data-source.ts';
import { describeModel, loadModel, openInputs, outlineModel } from './inputs.ts';
import { writeEvents, writeJson } from './json-events.ts';
import { loopSettings } from './loop-options.ts';
import { shownPath } from './paths.ts';
import { makePlan, type RunLoaders } from './plan.ts';
import { describePlan, describeTime } from './plan-messages.ts';
import { writeRunConfig } from './run-config.ts';
import { dataSourceOf, describeBest } from './train-messages.ts';
import type { TrainOptions } from './train-options.ts';

/** Sentences that are predicted at once: enough to keep the matrix products busy, few enough to need little memory. */
const EVALUATION_BATCH = 32;

/** Options of a run whose folder is settled. */
export type TrainRun = TrainOptions & { outputDir: string };

/** What a run has come to. */
export interface TrainOutcome {
  /** With files in the place of the names of corpora. */
  source: DataSource;
  /** Undefined without a file for evaluation. */
  best: BestEpoch | undefined;
  /** The best epoch on the test file; undefined without one. */
  test: Evaluation | undefined;
}

/**
 * Trains from options to a run folder, and tells on the way what is done with what.
 *
 * @returns undefined if only the plan was asked for
 */
export async function train(
  chosen: DataSource,
  run: TrainRun,
  signal: AbortSignal,
): Promise<TrainOutcome | undefined> {
  const say = (text: string): void => {
    (run.json ? process.stderr : process.stdout).write(`${text}\n`);
  };
  const inputs = await openInputs(chosen, run, say, signal);
  const { source, checkpoint, tokenizer, corpus, dtype } = inputs;
  const { config, labels } = await outlineModel(inputs, run);
  const loaders = await prepareLoaders(corpus, tokenizer, labels, run);
  const plan = makePlan(loaders, config, labels.length, { ...run, dtype });
  say(`${describePlan(plan, run)}\n`);

  await using model = await loadModel(inputs, run);
  say(describeModel(model, inputs, run));
  if (run.plan) {
    await tellPlan(plan, loaders, model, run, signal, say);
    return undefined;
  }
  if (run.json) writeJson({ type: 'plan', plan });
  if (!run.resume) await writeRunConfig(source, checkpoint.folder, run, model);

  const result = await trainModel(source, model, tokenizer, loaders, run, signal);
  if (result.best) say(describeBest(result.best, run.epochs));
  const test = corpus.test && (await scoreTestFile(corpus.test, tokenizer, run, signal));
  if (test) say(`\nTest file: ${shownPath(source.testFile ?? '')}\n\n${scoreTables(test).trimEnd()}`);
  return { source, best: result.best, test };
}

async function trainModel(
  source: DataSource,
  model: BertForTokenClassification,
  tokenizer: BertTokenizer,
  { training: dataloaderTrain, evaluation: dataloaderVal }: RunLoaders,
  run: TrainRun,
  signal: AbortSignal,
): Promise<TrainResult> {
  const { label2id } = model.config;
  const { accumulateGradEvery, epochs } = run;
  const optimizer = optimizerOf(model, run);
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

function optimizerOf(model: BertForTokenClassification, run: TrainRun): Optimizer {
  return getOptimizerWithWeightDecay({
    model,
    optimizer: run.optimizer,
    learningRate: run.learningRate,
    weightDecay: run.weightDecay,
    layerwiseDecay: run.layerwiseDecay,
  });
}

/** Times trial steps on a model that is trained no further, and says how long the run would take. */
async function tellPlan(
  plan: Plan,
  loaders: RunLoaders,
  model: BertForTokenClassification,
  run: TrainRun,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<void> {
  const { accumulateGradEvery } = run;
  const time = await timeTrial(
    plan,
    model,
    optimizerOf(model, run),
    { ...loaders, accumulateGradEvery },
    signal,
  );
  say(describeTime(time, plan));
  if (run.json) writeJson({ type: 'plan', plan, time });
}

/** Scores the best epoch, as it was saved, on sentences that played no part in choosing it. */
async function scoreTestFile(
  samples: Corpus['train'],
  tokenizer: BertTokenizer,
  run: TrainRun,
  signal: AbortSignal,
): Promise<Evaluation> {
  await using model = await BertForTokenClassification.fromPretrained(run.outputDir, { device: run.device });
  const loader = await evaluationLoader(samples, tokenizer, model.config.label2id, run);
  const evaluation = await evaluateModel(model, tokenizer, loader, signal);
  if (run.json) writeJson({ type: 'test', evaluation });
  if (run.report) {
    await writeFileAtomically(join(run.outputDir, 'test_report.json'), jsonText(scoreReport(evaluation)));
    await writeFileAtomically(join(run.outputDir, 'test_report.txt'), scoreTables(evaluation));
  }
  return evaluation;
}

async function prepareLoaders(
  { train, evaluation }: Corpus,
  tokenizer: BertTokenizer,
  labels: readonly string[],
  run: TrainRun,
): Promise<RunLoaders> {
  const label2id = Object.fromEntries(labels.map((label, id) => [label, id]));
  return {
    training: await prepareLoader(train, tokenizer, label2id, { ...run, shuffle: true }),
    evaluation: evaluation && (await evaluationLoader(evaluation, tokenizer, label2id, run)),
  };
}

function evaluationLoader(
  samples: Corpus['train'],
  tokenizer: BertTokenizer,
  label2id: Record<string, number>,
  run: TrainRun,
): ReturnType<typeof prepareLoader> {
  return prepareLoader(samples, tokenizer, label2id, { ...run, batchSize: EVALUATION_BATCH, shuffle: false });
}
