import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { CheckpointError, OptionError } from '../errors.ts';
import { isRepoName } from './names.ts';
import { type HubOptions, type HubSettings, hubSettings } from './settings.ts';
import { hubSnapshot } from './snapshot.ts';
import { type Wanted, wantedInWords } from './wanted-files.ts';

/**
 * The local folder that the name of a checkpoint stands for: a folder of that name, as in transformers, else a model of
 * the Hugging Face hub, fetched to its cache as far as it is not there.
 *
 * @param wanted what of it is needed
 * @param surroundings of a program that can be interrupted, or tells in a way of its own what it has to tell
 * @throws OptionError, CheckpointError, NerbertError `ERR_NETWORK`, `ERR_IO`
 */
export async function checkpointFolder(
  nameOrPath: string,
  wanted: Wanted,
  options: HubOptions = {},
  surroundings: Partial<Pick<HubSettings, 'signal' | 'say'>> = {},
): Promise<string> {
  const found = await stat(nameOrPath).catch(() => undefined);
  if (found?.isDirectory()) {
    if (options.revision === undefined) return nameOrPath;
    const remedy = `${resolve(nameOrPath)} is a local folder. Leave out the revision, or call it from elsewhere`;
    throw new OptionError('revision', 'none beside a local folder', options.revision, remedy);
  }
  if (found) refuse(nameOrPath, wanted, 'this is a file. Give the folder that it lies in');
  if (!isRepoName(nameOrPath)) {
    refuse(
      nameOrPath,
      wanted,
      `there is none at ${resolve(nameOrPath)}. Check the path; a model of the Hugging Face hub has a name such as ` +
        'allenai/scibert_scivocab_cased',
    );
  }
  return hubSnapshot(nameOrPath, wanted, { ...(await hubSettings(options)), ...surroundings });
}

/** A checkpoint that is there now, and options with which its name stands for just that one. */
export interface LocatedCheckpoint {
  folder: string;
  options: HubOptions;
}

/**
 * As `checkpointFolder`, for several who read the same checkpoint one after the other: the hub is asked once, and all
 * get the same commit.
 */
export async function locateCheckpoint(
  ...[nameOrPath, wanted, options = {}, surroundings]: Parameters<typeof checkpointFolder>
): Promise<LocatedCheckpoint> {
  const folder = await checkpointFolder(nameOrPath, wanted, options, surroundings);
  return { folder, options: folder === nameOrPath ? options : { ...options, revision: basename(folder) } };
}

function refuse(nameOrPath: string, wanted: Wanted, problem: string): never {
  throw new CheckpointError(
    `expected a local folder with ${wantedInWords[wanted]} but ${problem}`,
    nameOrPath,
  );
}
