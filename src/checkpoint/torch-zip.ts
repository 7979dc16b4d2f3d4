import { CheckpointError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';
import { describeJson } from './json.ts';
import { unpickle } from './pickle.ts';
import type { TensorEntry } from './tensor-entry.ts';
import { elementSizes } from './tensor-entry.ts';
import { listTensors, maxPickleBytes, stateDictHost, type TorchStorage } from './torch-state.ts';
import { readZipDirectory, type ZipEntry } from './zip-directory.ts';

/**
 * Lists the tensors of a file that torch.save of PyTorch 1.6 or later wrote: an archive of one folder with `data.pkl`,
 * the state dict, and `data/KEY`, a storage each.
 */
export async function readTorchZip(source: ByteSource): Promise<TensorEntry[]> {
  const archive = await readZipDirectory(source);
  const folder = archiveFolder(archive, source.path);
  await checkByteOrder(archive.get(`${folder}/byteorder`), source);
  const pickle = archive.get(`${folder}/data.pkl`);
  if (!pickle)
    throw new CheckpointError('the zip archive has no data.pkl: it is no file of torch.save', source.path);
  if (pickle.length > maxPickleBytes) {
    throw new CheckpointError(
      `expected a data.pkl of at most ${maxPickleBytes} bytes but it has ${pickle.length}`,
      source.path,
    );
  }
  const bytes = await source.read(pickle.offset, pickle.length);
  const { value } = unpickle(bytes, 0, stateDictHost(new Map()));
  return listTensors(value, source.path, storage => {
    const entry = archive.get(`${folder}/data/${storage.key}`);
    if (entry) return locateStorage(storage, entry, source.path);
    throw new CheckpointError(`the zip archive has no storage ${describeJson(storage.key)}`, source.path);
  });
}

/** The one folder that all entries lie in, whose name is the file's former one. */
function archiveFolder(archive: ReadonlyMap<string, ZipEntry>, path: string): string {
  const [first = ''] = archive.keys();
  const folder = first.slice(0, first.indexOf('/') + 1);
  for (const name of archive.keys()) {
    if (folder === '' || !name.startsWith(folder) || name.split('/').includes('..')) {
      throw new CheckpointError(`the zip archive has an entry out of place, ${describeJson(name)}`, path);
    }
  }
  return folder.slice(0, -1);
}

async function checkByteOrder(entry: ZipEntry | undefined, source: ByteSource): Promise<void> {
  if (!entry) return;
  const order = (await source.read(entry.offset, Math.min(entry.length, 16))).toString('latin1');
  if (order !== 'little') {
    throw new CheckpointError(
      `expected little-endian numbers but found byte order ${describeJson(order)}`,
      source.path,
    );
  }
}

function locateStorage({ key, dtype, count }: TorchStorage, entry: ZipEntry, path: string): number {
  if (entry.length !== count * elementSizes[dtype]) {
    throw new CheckpointError(
      `expected ${count} elements of ${dtype} in the storage ${describeJson(key)} but it has ${entry.length} bytes`,
      path,
    );
  }
  return entry.offset;
}
