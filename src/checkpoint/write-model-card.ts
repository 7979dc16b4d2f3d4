import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../files.ts';
import { cardMarker, type ModelCardFacts, modelCard } from './model-card.ts';

/**
 * Writes README.md beside a checkpoint. One that was written or taken over by somebody stays as it is; one that knows
 * of a training is not replaced by one that does not.
 *
 * @throws NerbertError `ERR_IO`
 */
export async function writeModelCard(folder: string, facts: ModelCardFacts): Promise<void> {
  const file = join(folder, 'README.md');
  if (await mayWrite(file, facts)) await writeFileAtomically(file, modelCard(facts));
}

async function mayWrite(file: string, { training }: ModelCardFacts): Promise<boolean> {
  try {
    return (await readFile(file, 'utf8')).includes(cardMarker) && training !== undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
