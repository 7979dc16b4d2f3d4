import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, NerbertError, OptionError } from '../errors.ts';
import { writeFileAtomically } from '../files.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { jsonText } from '../training/outputs/report.ts';
import { canResume } from '../training/resume/state-folders.ts';
import type { DataSource } from './data-source.ts';
import type { Configuration } from './grid.ts';
import { writeJson } from './json-events.ts';
import { readJsonObject } from './json-file.ts';
import { shownPath } from './paths.ts';
import { type RunScores, runScores } from './run-scores.ts';
import { type TrainRun, train } from './train.ts';

/** One of several runs, in a folder of its own. */
export interface PlannedRun {
  /** What tells it from the others, for a person to read. */
  title: string;
  configuration: Configuration;
  source: DataSource;
  run: TrainRun;
}

/** How a run ended: with scores, or without, which is told in a sentence. */
export type RunResult = { scores: RunScores } | { failure: string };

export interface FinishedRun extends PlannedRun {
  result: RunResult;
}

/** In the folder of a finished run: its options and how it ended. */
const FILE = 'result.json';

/** What has no bearing on the scores of a run. */
const idle: ReadonlySet<string> = new Set([
  'outputDir',
  'overwrite',
  'resume',
  'plan',
  'saveEvery',
  'keep',
  'seeds',
  'grid',
  'printEvery',
  'printValMistakes',
  'maxMistakes',
  'json',
  'report',
  'history',
  'tensorboard',
  'figures',
  'figureTheme',
  'localFilesOnly',
  'cacheDir',
] satisfies (keyof TrainRun)[]);

/**
 * Makes runs one after another. A run that is finished, as the file in its folder tells, is not made again; one that was
 * interrupted is resumed from its last state; one that
 * diverges or does not fit into memory does not keep the others from being made.
 *
 * @param marker a file, written first, whose presence tells that the folders beside it belong to such a set of runs
 * @param overwrite make finished ones again
 * @throws OptionError for a folder that holds something else, or a finished run with other options, before any run
 */
export async function makeRuns(
  planned: readonly PlannedRun[],
  { marker, overwrite, signal }: { marker: string; overwrite: boolean; signal: AbortSignal },
): Promise<FinishedRun[]> {
  const former = overwrite ? [] : await formerResults(planned, existsSync(marker));
  if (!existsSync(marker)) await writeFileAtomically(marker, '{}\n');
  const finished: FinishedRun[] = [];
  for (const [i, plan] of planned.entries()) {
    const result = former[i] ?? (await makeRun(plan, i + 1, planned.length, signal));
    finished.push({ ...plan, result });
  }
  return finished;
}

async function makeRun(
  { title, source, run }: PlannedRun,
  number: number,
  runs: number,
  signal: AbortSignal,
): Promise<RunResult> {
  signal.throwIfAborted();
  const say = (text: string) => (run.json ? process.stderr : process.stdout).write(text);
  say(`\nRun ${number} of ${runs}: ${title}\n\n`);
  if (run.json) writeJson({ type: 'run-start', run: number, runs, title, dir: run.outputDir });
  const finish = async (result: RunResult): Promise<RunResult> => {
    const content = { options: decisiveOptions(source, run), ...result };
    await writeFileAtomically(join(run.outputDir, FILE), jsonText(content));
    return result;
  };
  await rm(join(run.outputDir, FILE), { force: true });
  const resume = !run.overwrite && (await canResume(run.outputDir));
  try {
    const outcome = await train(source, { ...run, resume, overwrite: !resume }, signal);
    if (!outcome?.best) throw missingEvaluation();
    return await finish({ scores: runScores(outcome.best, outcome.test) });
  } catch (error) {
    if (!(error instanceof NerbertError)) throw error;
    if (error.code !== 'ERR_DIVERGED' && error.code !== 'ERR_OUT_OF_MEMORY') throw error;
    say(`\nThis run failed: ${error.message}\n`);
    const result = { failure: error.message };
    // Another machine may have more memory: such a run is not finished.
    return error.code === 'ERR_DIVERGED' ? finish(result) : result;
  }
}

/** The error for runs that nothing compares. */
export function missingEvaluation(): OptionError {
  return new OptionError(
    '--eval-file',
    'a file to score on, which --seeds and --grid compare runs by,',
    undefined,
  );
}

async function formerResults(
  planned: readonly PlannedRun[],
  known: boolean,
): Promise<(RunResult | undefined)[]> {
  const results: (RunResult | undefined)[] = [];
  for (const { source, run } of planned) {
    const file = join(run.outputDir, FILE);
    if (existsSync(file)) {
      results.push(
        finishedRun(await readJsonObject(file, 'a finished run'), file, decisiveOptions(source, run)),
      );
    } else if (!known && existsSync(join(run.outputDir, 'config.json'))) {
      throw otherFolder('without a checkpoint that is none of these runs', run.outputDir);
    } else {
      results.push(undefined);
    }
  }
  return results;
}

function finishedRun(content: JsonObject, file: string, expected: JsonObject): RunResult {
  const { options, scores, failure } = content;
  if (!isJsonObject(options) || (typeof failure !== 'string' && !isJsonObject(scores))) {
    throw new DataError(
      'Expected options and scores of a finished run. Delete the file to make the run again',
      file,
    );
  }
  for (const name of new Set([...Object.keys(options), ...Object.keys(expected)])) {
    const [then, now] = [options, expected].map(values => JSON.stringify(values[name]));
    if (then === now) continue;
    throw otherFolder(`whose finished runs have the same options (${name} was ${then}, is ${now})`, file);
  }
  return typeof failure === 'string' ? { failure } : { scores: scores as unknown as RunScores };
}

function otherFolder(expected: string, found: string): OptionError {
  const remedy = 'Choose another one, or give --overwrite to make all runs again';
  return new OptionError('--output-dir', `a folder ${expected}`, shownPath(found), remedy);
}

/** As JSON gives them back. */
function decisiveOptions(source: DataSource, run: TrainRun): JsonObject {
  const { trainFile, evalFile, testFile, model } = source;
  const decisive = Object.entries({ ...run, trainFile, evalFile, testFile, model }).filter(
    ([name]) => !idle.has(name),
  );
  return JSON.parse(JSON.stringify(Object.fromEntries(decisive))) as JsonObject;
}
