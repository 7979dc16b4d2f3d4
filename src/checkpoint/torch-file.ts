import { CheckpointError } from '../errors.ts';
import { type ByteSource, refuseImpostors } from './byte-source.ts';
import { PickleError } from './pickle-bytes.ts';
import type { TensorEntry } from './tensor-entry.ts';
import { readTorchLegacy } from './torch-legacy.ts';
import { readTorchZip } from './torch-zip.ts';
import { isZip } from './zip-directory.ts';

/** Lists the tensors of a state dict that torch.save wrote, in its order. Runs nothing of what the file holds. */
export async function readTorchFile(source: ByteSource): Promise<TensorEntry[]> {
  await refuseImpostors(source);
  try {
    const head = await source.read(0, Math.min(source.size, 4));
    return await (isZip(head) ? readTorchZip(source) : readTorchLegacy(source));
  } catch (error) {
    if (error instanceof PickleError)
      throw new CheckpointError(error.message, source.path, {}, { cause: error });
    throw error;
  }
}
