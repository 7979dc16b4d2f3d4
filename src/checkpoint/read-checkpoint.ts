import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { weightFiles } from '../checkpoint-files.ts';
import { CheckpointError } from '../errors.ts';
import { withByteSource } from './byte-source.ts';
import { readJsonObject } from './json.ts';
import { readSafetensors } from './safetensors.ts';
import { readShards } from './shard-index.ts';
import type { TensorEntry } from './tensor-entry.ts';
import { readTorchFile } from './torch-file.ts';

/** Weights of other frameworks, for the error that says so. */
const foreignFiles = ['tf_model.h5', 'flax_model.msgpack', 'model.onnx', 'bert_model.ckpt.index'];

/**
 * Lists what a checkpoint holds: every tensor with its name, type, shape and place. Nothing of a checkpoint is ever
 * run, and of the weights nothing is read.
 *
 * @param path a checkpoint folder, or one of its files: .safetensors, .bin (by torch.save), or an index of several
 * @throws CheckpointError if there are no weights, or if they are damaged or not to be trusted
 */
export async function readCheckpoint(path: string): Promise<TensorEntry[]> {
  const entries = await readWeightFile((await isFolder(path)) ? await findWeightFile(path) : path);
  if (entries.length === 0) throw new CheckpointError('there are no tensors in it', path);
  return entries;
}

async function readWeightFile(file: string): Promise<TensorEntry[]> {
  if (file.endsWith('.json')) return readShards(await readJsonObject(file), file, readTensorFile);
  return readTensorFile(file);
}

function readTensorFile(file: string): Promise<TensorEntry[]> {
  return withByteSource(file, file.endsWith('.safetensors') ? readSafetensors : readTorchFile);
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

async function findWeightFile(folder: string): Promise<string> {
  const present = await readdir(folder).catch(error => {
    throw new CheckpointError(`the folder cannot be read: ${error.message}`, folder, {}, { cause: error });
  });
  const found = weightFiles.find(name => present.includes(name));
  if (found) return join(folder, found);
  const foreign = foreignFiles.find(name => present.includes(name));
  throw new CheckpointError(
    `expected weights in one of ${weightFiles.join(', ')} but found ${foreign ? `only ${foreign}. Convert it with Python's transformers first` : 'none'}`,
    folder,
  );
}
