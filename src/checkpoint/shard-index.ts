import { dirname, join } from 'node:path';
import { isShardName } from '../checkpoint-files.ts';
import { CheckpointError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { describeJson } from './json.ts';
import type { TensorEntry } from './tensor-entry.ts';

/**
 * Lists the tensors of a checkpoint in several files by its index, such as model.safetensors.index.json. Index and
 * files must agree on where each tensor is.
 *
 * @param index the parsed index
 * @param path where the index lies
 * @param readFile lists the tensors of one of the files, which lie beside the index
 */
export async function readShards(
  { weight_map: weightMap }: JsonObject,
  path: string,
  readFile: (path: string) => Promise<TensorEntry[]>,
): Promise<TensorEntry[]> {
  if (!isJsonObject(weightMap)) {
    throw new CheckpointError('expected a weight_map from names of tensors to files', path);
  }
  const shardOf = new Map(
    Object.entries(weightMap).map(([name, shard]) => [name, checkShardName(name, shard, path)]),
  );
  const shards = [...new Set(shardOf.values())].sort();
  const entries: TensorEntry[] = [];
  for (const shard of shards) {
    for (const entry of await readFile(join(dirname(path), shard))) {
      checkPlace(entry.name, shard, shardOf.get(entry.name), path);
      entries.push(entry);
    }
  }
  const found = new Set(entries.map(entry => entry.name));
  for (const [name, shard] of shardOf) {
    if (!found.has(name)) {
      throw new CheckpointError(
        `the tensor ${describeJson(name)} is not in ${shard}, which the index names`,
        path,
      );
    }
  }
  return entries;
}

/** A shard lies in the folder of the index: its name may lead nowhere else. */
function checkShardName(tensor: string, shard: unknown, path: string): string {
  if (isShardName(shard)) return shard;
  throw new CheckpointError(
    `expected the name of a file beside the index for the tensor ${describeJson(tensor)} but found ${describeJson(shard)}`,
    path,
  );
}

function checkPlace(tensor: string, found: string, expected: string | undefined, path: string): void {
  if (found === expected) return;
  throw new CheckpointError(
    expected === undefined
      ? `the tensor ${describeJson(tensor)} of ${found} is not in the index`
      : `the tensor ${describeJson(tensor)} is in ${found}, but the index names ${expected}`,
    path,
  );
}
