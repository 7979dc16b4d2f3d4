import { CheckpointError } from '../errors.ts';
import { parameterName } from './names.ts';
import type { ParameterShape } from './parameters.ts';
import type { DType, TensorEntry } from './tensor-entry.ts';

/** A parameter and the tensor of the checkpoint that it is loaded from. */
export interface WeightSource {
  parameter: string;
  entry: TensorEntry;
}

/** What a checkpoint does for a model. Parameters that are not in `load` are to be newly initialised. */
export interface WeightMatch {
  load: WeightSource[];
  /** Parameters that the checkpoint lacks. Only the classifier's may be among them. */
  missing: string[];
  /** Stored names that no parameter uses. */
  unused: string[];
  /** Parameters of the classifier whose stored shape belongs to another number of labels. */
  misshaped: Misshape[];
}

export interface Misshape {
  name: string;
  expected: number[];
  found: number[];
}

export interface MatchOptions {
  /** The checkpoint, as errors name it. */
  file: string;
  /** Whether the labels were given anew, so that a classifier for another number of labels may be replaced. */
  labelsGiven?: boolean;
}

const floatTypes: readonly DType[] = ['float64', 'float32', 'float16', 'bfloat16'];

/**
 * Finds the tensor for each parameter by its name, old names and a missing `bert.` included.
 *
 * @throws CheckpointError if a parameter of the encoder is missing or misshaped, if the classifier is misshaped and
 *   the labels were not given anew, or if two tensors have the name of one parameter
 */
export function matchWeights(
  entries: readonly TensorEntry[],
  parameters: readonly ParameterShape[],
  { file, labelsGiven = false }: MatchOptions,
): WeightMatch {
  const byName = indexByParameter(entries, file);
  const match: WeightMatch = { load: [], missing: [], unused: [], misshaped: [] };
  for (const { name, shape } of parameters) {
    const entry = byName.get(name);
    if (entry === undefined) match.missing.push(name);
    else if (!sameShape(entry.shape, shape))
      match.misshaped.push({ name, expected: shape, found: entry.shape });
    else match.load.push({ parameter: name, entry });
  }
  const wanted = new Set(parameters.map(parameter => parameter.name));
  match.unused = entries.map(entry => entry.name).filter(name => !wanted.has(parameterName(name)));
  refuseMissing(match, file);
  refuseMisshaped(match, labelsGiven, file);
  refuseTypes(match, file);
  return match;
}

function indexByParameter(entries: readonly TensorEntry[], file: string): Map<string, TensorEntry> {
  const byName = new Map<string, TensorEntry>();
  for (const entry of entries) {
    const name = parameterName(entry.name);
    const other = byName.get(name);
    if (other) {
      throw new CheckpointError(
        `both ${other.name} and ${entry.name} are stored for the parameter ${name}`,
        file,
      );
    }
    byName.set(name, entry);
  }
  return byName;
}

function refuseMissing({ missing, misshaped, load, unused }: WeightMatch, file: string): void {
  const needed = missing.filter(name => !isClassifier(name));
  if (needed.length > 0) {
    throw new CheckpointError(
      `${needed.length} parameters are missing: ${shortList(needed)}. ${guessReason(load, unused)}`,
      file,
      { missing: needed, unexpected: unused },
    );
  }
  const [absent] = missing;
  const present = [...load.map(source => source.parameter), ...misshaped.map(({ name }) => name)].find(
    isClassifier,
  );
  if (absent !== undefined && present !== undefined) {
    throw new CheckpointError(`it has ${present} but no ${absent}`, file, { missing, unexpected: unused });
  }
}

function guessReason(load: readonly WeightSource[], unused: readonly string[]): string {
  const prefix = unused[0]?.split('.')[0];
  if (load.every(({ parameter }) => isClassifier(parameter)) && prefix !== undefined) {
    return `Its names begin with ${prefix}., as of another model: only BERT checkpoints can be loaded`;
  }
  return 'config.json describes another model than the weights, or the file is incomplete';
}

function refuseMisshaped({ misshaped, unused }: WeightMatch, labelsGiven: boolean, file: string): void {
  const encoder = misshaped.filter(({ name, expected, found }) => !differsInLabels(name, expected, found));
  const refused = encoder.length > 0 || labelsGiven ? encoder : misshaped;
  const [first] = refused;
  if (first === undefined) return;
  const remedy =
    encoder.length > 0
      ? 'config.json describes another model than the weights'
      : 'Give id2label or numLabels to have the classifier newly initialised, or mend the labels in config.json';
  const shapes = `expected shape [${first.expected}] for ${first.name} but found [${first.found.slice(0, 8)}]`;
  const more = refused.length > 1 ? ` (and ${refused.length - 1} more)` : '';
  throw new CheckpointError(`${shapes}${more}. ${remedy}`, file, {
    misshaped: refused.map(({ name }) => name),
    unexpected: unused,
  });
}

/** Whether only the number of labels, the first dimension of the classifier's parameters, is another. */
function differsInLabels(name: string, expected: readonly number[], found: readonly number[]): boolean {
  return isClassifier(name) && found.length > 0 && sameShape(expected.slice(1), found.slice(1));
}

function refuseTypes({ load }: WeightMatch, file: string): void {
  for (const { parameter, entry } of load) {
    if (!floatTypes.includes(entry.dtype)) {
      throw new CheckpointError(
        `expected floating-point numbers for ${parameter} but found ${entry.dtype}`,
        file,
      );
    }
  }
}

function isClassifier(name: string): boolean {
  return name.startsWith('classifier.');
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

function shortList(names: readonly string[]): string {
  return names.length > 4 ? `${names.slice(0, 3).join(', ')}, …` : names.join(', ');
}
