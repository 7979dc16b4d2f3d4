import { open } from 'node:fs/promises';
import type { BertConfig } from '../checkpoint/config.ts';
import { loadingReport } from '../checkpoint/loading-report.ts';
import { matchWeights } from '../checkpoint/match-weights.ts';
import type { ParameterShape } from '../checkpoint/parameters.ts';
import { readCheckpoint } from '../checkpoint/read-checkpoint.ts';
import { safetensorsLayout } from '../checkpoint/safetensors-layout.ts';
import type { TensorLocation } from '../engine/addon.ts';
import type { EngineSession } from '../engine/session.ts';
import { writeFileAtomically } from '../files.ts';

/** How a checkpoint filled a model. */
export interface LoadedWeights {
  /** What was loaded, newly initialised and ignored, for a person to read. */
  report: string;
  /** Names of the parameters that the checkpoint did not fill. */
  newlyInitialised: string[];
}

/**
 * Fills an engine from a checkpoint folder: byte ranges go straight from the files into the parameters; what the
 * checkpoint lacks is newly initialised.
 *
 * @throws CheckpointError
 */
export async function loadWeights(
  session: EngineSession,
  folder: string,
  config: BertConfig,
  labelsGiven: boolean,
): Promise<LoadedWeights> {
  const entries = await readCheckpoint(folder);
  const match = matchWeights(entries, session.parameters(), { file: folder, labelsGiven });
  await session.load(
    match.load.map(({ parameter, entry }) => ({
      parameter,
      file: entry.file,
      offset: entry.offset,
      dtype: entry.dtype as TensorLocation['dtype'],
      ...(entry.strides && { strides: entry.strides }),
    })),
  );
  const newlyInitialised = [...match.missing, ...match.misshaped.map(({ name }) => name)];
  if (newlyInitialised.length > 0) await session.initialise(newlyInitialised, config.initializerRange);
  return { report: loadingReport(match, folder, config.initializerRange), newlyInitialised };
}

/** Writes all parameters as a safetensors file, whole or not at all. @throws NerbertError `ERR_IO` */
export async function saveWeights(session: EngineSession, path: string): Promise<void> {
  await writeTensors(path, session.parameters(), locate =>
    session.save(session.parameters().map(({ name }) => locate(name, name))),
  );
}

/** Tells the engine which bytes of a file hold a parameter, or a value for each of its elements, under some name. */
export type Locate = (parameter: string, tensor: string) => TensorLocation;

/**
 * Writes float32 tensors as a safetensors file, whole or not at all.
 *
 * @param write has the engine write every tensor to where `locate` says
 * @throws NerbertError `ERR_IO`
 */
export async function writeTensors(
  path: string,
  tensors: readonly ParameterShape[],
  write: (locate: Locate) => Promise<void>,
): Promise<void> {
  const { header, entries, size } = safetensorsLayout(tensors);
  const offsets = new Map(entries.map(({ name, offset }) => [name, offset]));
  await writeFileAtomically(path, async temporary => {
    const file = await open(temporary, 'r+');
    try {
      await file.write(header);
      await file.truncate(size);
    } finally {
      await file.close();
    }
    await write((parameter, tensor) => ({
      parameter,
      file: temporary,
      offset: offsets.get(tensor) as number,
      dtype: 'float32',
    }));
  });
}
