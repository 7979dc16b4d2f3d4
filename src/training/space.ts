import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { NerbertError } from '../errors.ts';
import { freeBytes } from '../files.ts';
import { trainingStateBytes, weightBytes } from '../model/training-state.ts';
import { resumeFolder, savedSteps } from './resume/state-folders.ts';
import type { TrainerSettings } from './trainer-options.ts';

/** For reports, figures and headers. */
const SMALL_FILES = 2 ** 20;

/**
 * Refuses a run whose checkpoint and resume states would not fit on the disk. A file is written beside the one that it
 * replaces, so there is one more of each at times.
 *
 * @throws NerbertError `ERR_IO`
 */
export async function checkSpace(settings: TrainerSettings): Promise<void> {
  const { model, outputDir, saveBest, saveEvery, keep, nEpochs } = settings;
  let needed = SMALL_FILES;
  if (saveBest) {
    const there = await stat(join(outputDir, 'model.safetensors')).catch(() => undefined);
    needed += weightBytes(model) * (there ? 1 : Math.min(2, nEpochs));
  }
  if (saveEvery !== 'never') {
    const there = (await savedSteps(resumeFolder(outputDir))).length;
    const atOnce = saveEvery === 'epoch' ? Math.min(keep + 1, nEpochs) : keep + 1;
    needed += trainingStateBytes(model) * Math.max(1, atOnce - there);
  }
  const free = await freeBytes(outputDir);
  if (free >= needed) return;
  throw new NerbertError(
    'ERR_IO',
    `Expected ${megabytes(needed)} of free space in ${outputDir} for what the run will save, but there are ` +
      `${megabytes(free)}. Make room, choose another folder, or save less: keep fewer resume states (keep), or none ` +
      "(saveEvery 'never')",
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toLocaleString('en-US', { maximumFractionDigits: 1 })} MB`;
}
