import { join } from 'node:path';
import { withByteSource } from '../checkpoint/byte-source.ts';
import type { ParameterShape } from '../checkpoint/parameters.ts';
import { readSafetensors } from '../checkpoint/safetensors.ts';
import type { MomentLocations } from '../engine/addon.ts';
import type { EngineSession, OptimizerHandle } from '../engine/session.ts';
import { CheckpointError } from '../errors.ts';
import type { BertForTokenClassification } from './bert-for-token-classification.ts';
import { type Locate, saveWeights, writeTensors } from './weights.ts';

/** What of a model and its optimizer is no tensor and yet decides how training goes on. */
export interface EngineState {
  /** Training steps begun: they number the dropout masks. */
  steps: number;
  /** Updates that the optimizer has made: they correct the bias of its moments. */
  updates: number;
}

const weightsFile = 'model.safetensors';
const momentsFile = 'optimizer.safetensors';

/** The two moments of a parameter, by the names that PyTorch gives them. */
const moments = { first: 'exp_avg', second: 'exp_avg_sq' } as const;

/** Bytes that `saveTrainingState` writes, but for a few thousand. */
export function trainingStateBytes(model: BertForTokenClassification): number {
  return 3 * weightBytes(model);
}

/** Bytes of the parameters, as they are saved. */
export function weightBytes(model: BertForTokenClassification): number {
  return model
    .parameters()
    .reduce((sum, { shape }) => sum + 4 * shape.reduce((product, size) => product * size, 1), 0);
}

/**
 * Writes the parameters and both moments of each, float32, into a folder.
 *
 * @returns what `loadTrainingState` needs besides
 * @throws NerbertError `ERR_IO`
 */
export async function saveTrainingState(
  model: BertForTokenClassification,
  optimizer: OptimizerHandle,
  folder: string,
): Promise<EngineState> {
  const { session } = model;
  await saveWeights(session, join(folder, weightsFile));
  let updates = 0;
  await writeTensors(join(folder, momentsFile), momentShapes(session), async locate => {
    updates = await session.saveOptimizer(optimizer, momentLocations(session, locate));
  });
  return { steps: model.stepCount, updates };
}

/**
 * Takes over what `saveTrainingState` wrote: the next step is then what it would have been, bit for bit on the CPU.
 *
 * @throws CheckpointError if a file is damaged or belongs to another model; it may have been taken over in part then
 */
export async function loadTrainingState(
  model: BertForTokenClassification,
  optimizer: OptimizerHandle,
  folder: string,
  state: EngineState,
): Promise<void> {
  const { session } = model;
  const weights = await locateTensors(join(folder, weightsFile), session.parameters());
  const adam = await locateTensors(join(folder, momentsFile), momentShapes(session));
  await session.load(session.parameters().map(({ name }) => weights(name, name)));
  await session.loadOptimizer(optimizer, momentLocations(session, adam), state.updates);
  model.stepCount = state.steps;
}

function momentShapes(session: EngineSession): ParameterShape[] {
  return Object.values(moments).flatMap(moment =>
    session.parameters().map(({ name, shape }) => ({ name: `${moment}.${name}`, shape })),
  );
}

function momentLocations(session: EngineSession, locate: Locate): MomentLocations {
  const all = (moment: string) => session.parameters().map(({ name }) => locate(name, `${moment}.${name}`));
  return { first: all(moments.first), second: all(moments.second) };
}

/** Where exactly these tensors lie in a file. @throws CheckpointError */
async function locateTensors(path: string, wanted: readonly ParameterShape[]): Promise<Locate> {
  const entries = await withByteSource(path, readSafetensors);
  const found = new Map(entries.map(entry => [entry.name, entry]));
  for (const { name, shape } of wanted) {
    const entry = found.get(name);
    if (entry?.dtype === 'float32' && `${entry.shape}` === `${shape}`) continue;
    const instead = entry ? `${entry.dtype} [${entry.shape}]` : 'no such tensor';
    throw new CheckpointError(`expected ${name} as float32 [${shape}] but found ${instead}`, path);
  }
  return (parameter, tensor) => ({
    parameter,
    file: path,
    offset: found.get(tensor)?.offset as number,
    dtype: 'float32',
  });
}
