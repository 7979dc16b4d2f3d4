import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parseConfig, readConfig } from '../../../src/checkpoint/config.ts';
import { readJsonObject } from '../../../src/checkpoint/json.ts';
import { matchWeights } from '../../../src/checkpoint/match-weights.ts';
import { parameterShapes } from '../../../src/checkpoint/parameters.ts';
import { readCheckpoint } from '../../../src/checkpoint/read-checkpoint.ts';
import type { TensorEntry } from '../../../src/checkpoint/tensor-entry.ts';
import { CheckpointError } from '../../../src/errors.ts';
import { checkpoint, type HostileFile, hostileFiles } from '../../support/checkpoints.ts';

// Each file is read as the loader of a model reads it: config and weights, then matched with each other. Where a
// hostile file is only the one part, tc-safetensors is the other.

const sound = checkpoint('tc-safetensors');
const hostile = (file: string) => checkpoint('hostile', file);

/** What the message must name besides the file: the first forbidden name that the pickle uses. */
function forbiddenName({ globals }: HostileFile): string | undefined {
  return globals.find(
    name => !/^(collections\.OrderedDict|torch\.FloatStorage|torch\._utils\._rebuild_tensor_v2)$/.test(name),
  );
}

async function loadConfig(file: string): Promise<void> {
  const config = parseConfig(await readJsonObject(hostile(file)), hostile(file));
  matchWeights(await readCheckpoint(sound), parameterShapes(config, 11), { file: hostile(file) });
}

async function loadIndex(file: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'nerbert-'));
  try {
    await cp(checkpoint('sharded-safetensors'), folder, { recursive: true });
    await cp(hostile(file), join(folder, 'model.safetensors.index.json'));
    await loadWeights(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function loadWeights(path: string): Promise<TensorEntry[]> {
  const { config } = await readConfig(sound);
  const entries = await readCheckpoint(path);
  matchWeights(entries, parameterShapes(config, 11), { file: path });
  return entries;
}

function load(file: string): Promise<unknown> {
  if (file.startsWith('config-')) return loadConfig(file);
  if (file.startsWith('index-')) return loadIndex(file);
  return loadWeights(hostile(file));
}

for (const entry of hostileFiles) {
  const { file, must, problem } = entry;
  if (must === 'accept') {
    test(`${file} loads`, async t => {
      const entries = await readCheckpoint(hostile(file));
      t.deepEqual(
        entries.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
        [{ name: 'bert.embeddings.LayerNorm.weight', dtype: 'float32', shape: [4] }],
      );
    });
    continue;
  }
  if (must === 'refuse') {
    test(`refuses ${file}: ${problem}`, async t => {
      const error = await t.throwsAsync(load(file), { instanceOf: CheckpointError });
      const named = file.startsWith('index-') ? 'nerbert-' : file;
      t.true(error.file.includes(named), error.message);
      t.true(error.message.startsWith(`${error.file}: `));
      t.true(error.message.length > error.file.length + 12, error.message);
    });
  } else {
    test(`reads ${file} as stored or refuses it: ${problem}`, async t => {
      const entries = await readCheckpoint(hostile(file)).catch(error => error);
      if (!(entries instanceof CheckpointError)) {
        t.deepEqual(
          entries.map((tensor: TensorEntry) => tensor.name),
          ['bert.embeddings.LayerNorm.weight'],
        );
      } else t.true(entries.message.includes(file));
    });
  }
}

for (const entry of hostileFiles) {
  const name = forbiddenName(entry);
  if (name === undefined || entry.must !== 'refuse') continue;
  test(`${entry.file}: the error has the name that was met`, async t => {
    const error = await t.throwsAsync(readCheckpoint(hostile(entry.file)), { instanceOf: CheckpointError });
    t.true(
      entry.globals.some(global => error.message.includes(`"${global}"`)),
      error.message,
    );
  });
}

test.after.always('no file was made', async t => {
  t.false(existsSync('PWNED') || existsSync(join(tmpdir(), 'PWNED')));
  t.false((await readdir(checkpoint('hostile'))).includes('PWNED'));
});
