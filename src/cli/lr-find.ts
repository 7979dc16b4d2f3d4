import { join } from 'node:path';
import { DataLoader } from '../data/dataloader.ts';
import type { NerDataset } from '../data/dataset.ts';
import { NerbertError } from '../errors.ts';
import { makeFolder } from '../files.ts';
import { writeFigure } from '../report/write-figure.ts';
import { adviceOf } from '../training/lr-advice.ts';
import { sweepLearningRates } from '../training/lr-sweep.ts';
import { openRateFile, type RateFile } from './apply-rate.ts';
import { prepareLoader } from './corpus.ts';
import type { DataSource } from './data-source.ts';
import { describeModel, type Inputs, loadModel, openInputs } from './inputs.ts';
import { writeJson } from './json-events.ts';
import { sweepFigure } from './lr-find-figure.ts';
import {
  adviceText,
  type ConfigurationSummary,
  rateText,
  roundedRate,
  summaryTable,
  trainCommand,
} from './lr-find-messages.ts';
import { type LrFindOptions, trainFlags } from './lr-find-options.ts';
import { SweepResults, sameConfiguration } from './lr-find-results.ts';
import { configurationsOf, rangeTestSettings, settingsOf } from './lr-find-settings.ts';
import { shownPath } from './paths.ts';
import { resumeCommand } from './resume-command.ts';
import { SweepProgress } from './sweep-progress.ts';

/** Options of a sweep whose folder is settled. */
type Sweep = LrFindOptions & { outputDir: string };

type Say = (text: string) => void;

/** Sweeps over configurations and seeds, keeps each finished range test, and tells what they say together. */
export async function findLearningRate(
  chosen: DataSource,
  sweep: Sweep,
  given: Partial<LrFindOptions>,
  signal: AbortSignal,
): Promise<void> {
  const say: Say = text => {
    (sweep.json ? process.stderr : process.stdout).write(`${text}\n`);
  };
  const rateFile = sweep.apply === undefined ? undefined : await openRateFile(sweep.apply);
  const inputs = await openInputs(chosen, sweep, say, signal);

  await makeFolder(sweep.outputDir);
  const settings = settingsOf(sweep, inputs);
  const results = sweep.resume
    ? await SweepResults.resume(sweep.outputDir, settings)
    : SweepResults.open(sweep.outputDir, settings);
  try {
    await runSweep(inputs, sweep, results, say, signal);
  } catch (error) {
    if (signal.aborted) process.stderr.write(`${keptText(results, sweep)}\n`);
    throw error;
  }
  await conclude(results, sweep, given, rateFile, say);
}

/** Makes the runs that are not there yet, seed by seed: each begins as training with that seed would. */
async function runSweep(
  inputs: Inputs,
  sweep: Sweep,
  results: SweepResults,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  const grid = configurationsOf(sweep);
  const missing = sweep.seeds
    .map(seed => ({ seed, configurations: grid.filter(one => !results.has(seed, one)) }))
    .filter(({ configurations }) => configurations.length > 0);
  const runs = missing.reduce((sum, { configurations }) => sum + configurations.length, 0);
  const all = grid.length * sweep.seeds.length;
  say(
    `${all} range tests of ${sweep.numIter} iterations: ${sweep.weightDecays.length} weight decays x ` +
      `${sweep.dropouts.length} dropouts x ${sweep.seeds.length} seeds` +
      `${runs < all ? `; ${all - runs} are finished already` : ''}.`,
  );
  const progress = sweep.json ? undefined : new SweepProgress(runs, sweep.numIter);
  let dataset: NerDataset | undefined;
  try {
    for (const { seed, configurations } of missing) {
      signal.throwIfAborted();
      await using model = await loadModel(inputs, { ...sweep, seed });
      if (!dataset) {
        say(describeModel(model, inputs, sweep));
        const { corpus, tokenizer } = inputs;
        const { label2id } = model.config;
        dataset = (await prepareLoader(corpus.train, tokenizer, label2id, { ...sweep, shuffle: true }))
          .dataset;
      }
      const { batchSize, groupByLength } = sweep;
      const events = sweepLearningRates({
        model,
        configurations,
        optimizer: { optimizer: sweep.optimizer, layerwiseDecay: sweep.layerwiseDecay },
        clipping: sweep.clipping,
        rangeTest: {
          ...rangeTestSettings(sweep),
          trainLoader: new DataLoader({ dataset, batchSize, seed, groupByLength, shuffle: true }),
          signal,
        },
      });
      for await (const event of events) {
        if (event.type === 'iteration') {
          progress?.iteration(event);
          if (sweep.json) {
            const { configuration, type, ...iteration } = event;
            writeJson({ type, seed, ...configuration, ...iteration });
          }
        } else {
          const { configuration, history, ended } = event;
          const run = { seed, ...configuration, ended, ...history };
          await results.add(run);
          progress?.run(run);
          if (sweep.json) writeJson({ type: 'run', seed, ...configuration, ended });
        }
      }
    }
  } finally {
    progress?.stop();
  }
}

/** Writes what the runs say together, draws it, and says it. */
async function conclude(
  results: SweepResults,
  sweep: Sweep,
  given: Partial<LrFindOptions>,
  rateFile: RateFile | undefined,
  say: Say,
): Promise<void> {
  const runs = results.runs.filter(
    run => sweep.seeds.includes(run.seed) && configurationsOf(sweep).some(one => sameConfiguration(run, one)),
  );
  const summaries: ConfigurationSummary[] = configurationsOf(sweep).map(configuration => {
    const own = runs.filter(run => sameConfiguration(run, configuration));
    return { ...configuration, advice: adviceOf(own, sweep), runs: own };
  });
  const advice = adviceOf(runs, sweep);
  await results.write({
    advice,
    configurations: summaries.map(({ runs: _, ...summary }) => summary),
  });
  const figure = sweepFigure(summaries, advice, sweep);
  if (figure) await writeFigure(figure, join(sweep.outputDir, 'lr_finder'));

  say(`\n${summaryTable(summaries)}\n\n${adviceText(advice, sweep.seeds.length)}\n`);
  const files = figure ? 'lr_finder.png, lr_finder.svg and lr_finder.json' : 'lr_finder.json';
  say(`The results are in ${shownPath(sweep.outputDir)}: ${files}.`);
  const { suggested } = advice;
  const flags = suggested && nextFlags(sweep, given, suggested.median);
  if (flags) say(`\nNext, to train with it:\n  ${trainCommand(flags)}`);
  if (sweep.json) writeJson({ type: 'end', advice, command: flags && trainCommand(flags) });
  if (rateFile && sweep.apply !== undefined) {
    if (!suggested) {
      throw new NerbertError('ERR_NO_RATE', `Expected a learning rate for ${sweep.apply} but found none`);
    }
    await rateFile.write(roundedRate(suggested.median));
    say(`\n${shownPath(sweep.apply)} has it as learningRate.`);
  }
}

/** Flags of the training to come: what was given, with the suggested rate and one configuration of the grid. */
function nextFlags(sweep: Sweep, given: Partial<LrFindOptions>, rate: number): string[] {
  const { weightDecays, dropouts } = sweep;
  return trainFlags({
    ...given,
    learningRate: rateText(rate),
    weightDecay: weightDecays.includes(sweep.weightDecay) ? sweep.weightDecay : weightDecays[0],
    dropout: dropouts.includes(sweep.dropout) ? sweep.dropout : dropouts[0],
  });
}

function keptText(results: SweepResults, { outputDir }: Sweep): string {
  const { length } = results.runs;
  if (length === 0) return 'No range test was finished.\n';
  const command = resumeCommand(process.argv, process.env, outputDir);
  return `Finished range tests: ${length}, in ${shownPath(results.file)}. To go on with the others:\n  ${command}\n`;
}
