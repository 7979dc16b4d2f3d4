import { join } from 'node:path';
import { NerbertError, OptionError } from '../errors.ts';
import { makeFolder, writeFileAtomically } from '../files.ts';
import { jsonText } from '../training/outputs/report.ts';
import { trainCommand } from './command-line.ts';
import { type Configuration, readGrid } from './grid.ts';
import { Interruption } from './interruption.ts';
import { writeJson } from './json-events.ts';
import { fetchNamedCorpora } from './named-corpora.ts';
import { shownPath } from './paths.ts';
import { resolveOptions } from './resolve-options.ts';
import { type FinishedRun, makeRuns, missingEvaluation, type PlannedRun } from './run-set.ts';
import { gridTable, seedsTable, trialOf } from './set-summary.ts';
import type { TrainOptions } from './train-options.ts';

/**
 * Makes a run for each combination of `grid` and for each of `seeds`, each in a folder below `outputDir`, and compares
 * them.
 *
 * @throws OptionError, DataError for options that no run could be made with, before any is made
 * @throws NerbertError `ERR_DIVERGED` if no run ended with scores
 * @throws Interruption, having told how to go on
 */
export async function trainSet(
  given: Partial<TrainOptions>,
  outputDir: string,
  signal: AbortSignal,
): Promise<void> {
  const say = (text: string) => (given.json ? process.stderr : process.stdout).write(`${text}\n`);
  if (given.seeds && given.seed !== undefined) {
    throw new OptionError('--seed', 'no seed beside --seeds,', given.seed);
  }
  if (given.plan)
    throw new OptionError(
      '--plan',
      'no --plan beside --seeds and --grid, since it tells of one run,',
      given.plan,
    );
  const kind = given.grid === undefined ? 'seeds' : 'grid';
  const configurations = given.grid === undefined ? [single] : await readGrid(given.grid, given);
  const planned: PlannedRun[] = [];
  for (const configuration of configurations) {
    planned.push(...(await planRuns(configuration, given, outputDir, say, signal)));
  }
  say(`${planned.length} runs, one after another, below ${shownPath(outputDir)}.`);

  const marker = join(outputDir, `${kind}.json`);
  await makeFolder(outputDir);
  const finished = await makeRuns(planned, { marker, overwrite: given.overwrite ?? false, signal }).catch(
    error => {
      if (error instanceof Interruption) process.stderr.write(`\n${adviceToGoOn(given, outputDir)}\n\n`);
      throw error;
    },
  );
  const trials = configurations
    .map(configuration => trialOf(configuration, runsOf(configuration, finished)))
    .sort((a, b) => b.f1 - a.f1);
  const [best] = trials;
  const command = best && trainCommand(optionsOf(best.configuration, given));
  const summary = { runs: finished.length, trials: trials.map(({ summary }) => summary), best: command };
  await writeFileAtomically(marker, jsonText(summary));
  const table = kind === 'seeds' ? seedsTable(trials) : gridTable(trials);
  await writeFileAtomically(join(outputDir, `${kind}.txt`), `${table}\n`);
  if (given.json) writeJson({ type: kind, summary });
  say(`\n${table}\n`);
  if (!best || best.f1 < 0) {
    throw new NerbertError(
      'ERR_DIVERGED',
      'Expected at least one run to end with scores but all of them failed',
    );
  }
  if (kind === 'grid') say(`The best again:\n  ${command}\n`);
  say(`The tables are in ${shownPath(join(outputDir, `${kind}.txt`))} and ${kind}.json.`);
}

/** That of seeds alone. */
const single: Configuration = { name: '', options: {} };

/** What a configuration's runs are given: without what concerns all runs, which a user would add again. */
function optionsOf({ options }: Configuration, given: Partial<TrainOptions>): Partial<TrainOptions> {
  const { grid, outputDir, overwrite, resume, ...others } = given;
  return { ...others, ...options };
}

async function planRuns(
  configuration: Configuration,
  given: Partial<TrainOptions>,
  outputDir: string,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<PlannedRun[]> {
  const { seeds, ...run } = optionsOf(configuration, given);
  const { source: chosen, options } = resolveOptions(run);
  const source = await fetchNamedCorpora(chosen, say, signal);
  if (source.evalFile === undefined) throw missingEvaluation();
  const { name } = configuration;
  const dir = join(outputDir, name);
  const { overwrite = false } = given;
  if (!seeds) return [{ title: name, configuration, source, run: { ...options, overwrite, outputDir: dir } }];
  return seeds.map(seed => ({
    title: name === '' ? `seed ${seed}` : `${name}, seed ${seed}`,
    configuration,
    source,
    run: { ...options, overwrite, seed, outputDir: join(dir, `seed-${seed}`) },
  }));
}

function runsOf(configuration: Configuration, finished: readonly FinishedRun[]): FinishedRun[] {
  return finished.filter(run => run.configuration === configuration);
}

function adviceToGoOn({ overwrite, resume, ...given }: Partial<TrainOptions>, outputDir: string): string {
  return `Finished runs are kept. To make the others:\n  ${trainCommand({ ...given, outputDir: shownPath(outputDir) })}`;
}
