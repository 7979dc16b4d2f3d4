import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { CheckpointError } from './errors.ts';

/** A name as models have it on the Hugging Face hub: `allenai/scibert_scivocab_cased`, `bert-base-cased`. */
const hubName = /^\w[\w.-]*(\/\w[\w.-]*)?$/;

/**
 * The local folder that the name of a checkpoint stands for: so far itself.
 *
 * @param wanted what is looked for in it, for the message
 * @throws CheckpointError if there is no such folder
 */
export async function checkpointFolder(nameOrPath: string, wanted: string): Promise<string> {
  const found = await stat(nameOrPath).catch(() => undefined);
  if (found?.isDirectory()) return nameOrPath;
  const problem = found
    ? 'this is a file. Give the folder that it lies in'
    : `there is none at ${resolve(nameOrPath)}. ${remedy(nameOrPath)}`;
  throw new CheckpointError(`expected a local folder with ${wanted} but ${problem}`, nameOrPath);
}

function remedy(nameOrPath: string): string {
  if (!hubName.test(nameOrPath)) return 'Check the path';
  return (
    'Check the path. A model of the Hugging Face hub must be fetched first, nerbert does not download it: run ' +
    `\`hf download ${nameOrPath} --local-dir ${basename(nameOrPath)}\` and give that folder`
  );
}
