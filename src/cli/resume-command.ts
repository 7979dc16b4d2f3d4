import { DataError, NerbertError, OptionError } from '../errors.ts';
import { resumeFolder, savedSteps } from '../training/resume/state-folders.ts';
import { callerOf } from './command-line.ts';
import { Interruption } from './interruption.ts';
import { shellWord, shownPath } from './paths.ts';

/**
 * What to tell somebody whose run has ended before it was done: up to where it is saved, and how to go on. Undefined
 * where there is nothing to go on with, or the same would happen again.
 */
export async function resumeAdvice(error: unknown, outputDir: string): Promise<string | undefined> {
  if (!canGoOn(error)) return undefined;
  const [step] = await savedSteps(resumeFolder(outputDir));
  if (step === undefined) return undefined;
  return `The run is saved up to step ${step}. To go on with it:\n  ${resumeCommand(process.argv, process.env, outputDir)}`;
}

function canGoOn(error: unknown): boolean {
  if (error instanceof Interruption) return true;
  if (error instanceof OptionError || error instanceof DataError) return false;
  return error instanceof NerbertError && error.code !== 'ERR_DIVERGED' && error.code !== 'ERR_CHECKPOINT';
}

/**
 * The command that goes on with a run, as its user would call it.
 *
 * @param argv of the command that began or resumed it
 */
export function resumeCommand(
  [node = 'node', script = '', ...words]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  outputDir: string,
): string {
  const [command = '', ...flags] = words.filter(word => word !== '--overwrite' && word !== '--resume');
  if (!flags.some(flag => /^--output-dir(=|$)/.test(flag))) flags.push('--output-dir', shownPath(outputDir));
  flags.push('--resume');
  const caller = callerOf(node, script, env, command);
  return [caller, ...flags.map(shellWord)].join(' ');
}
