import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isTemporary, temporaryName } from '../../files.ts';

/* The folder of resume states: `resume/step-000123/`, one for each state. What begins with a dot is unfinished. */

const pattern = /^step-(\d{6,})$/;

export const stepFolder = (resumeDir: string, step: number): string =>
  join(resumeDir, `step-${String(step).padStart(6, '0')}`);

export const resumeFolder = (outputDir: string): string => join(outputDir, 'resume');

/** In the place of states, once a run has ended. */
export const finishedFile = (resumeDir: string): string => join(resumeDir, 'finished.json');

/** Whether a folder holds a run that can be resumed, be it that it has ended. */
export async function canResume(outputDir: string): Promise<boolean> {
  const resumeDir = resumeFolder(outputDir);
  return existsSync(finishedFile(resumeDir)) || (await savedSteps(resumeDir)).length > 0;
}

/** Steps of the states in a folder, the newest first. */
export async function savedSteps(resumeDir: string): Promise<number[]> {
  const steps = (await namesIn(resumeDir)).flatMap(name => pattern.exec(name)?.[1] ?? []).map(Number);
  return steps.sort((a, b) => b - a);
}

/** Removes a state, so that even half removed it is not taken for one. */
export async function removeState(resumeDir: string, step: number): Promise<void> {
  const doomed = join(resumeDir, temporaryName('removed'));
  await rename(stepFolder(resumeDir, step), doomed);
  await rm(doomed, { recursive: true });
}

/** Removes all states of a run. */
export async function removeStates(outputDir: string): Promise<void> {
  await rm(resumeFolder(outputDir), { recursive: true, force: true });
}

/** Removes what a killed process left unfinished in a folder. */
export async function removeTemporaries(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    if (isTemporary(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(error => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
}
