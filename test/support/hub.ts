import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import type { HubSettings } from '../../src/hub/settings.ts';
import { type Files, HubServer } from './hub-server.ts';
import { temporaryFolder } from './temporary-folder.ts';

// Nothing that the user's environment says of the hub may reach the tests, or the processes that they start.
for (const name of Object.keys(process.env)) {
  if (/^(HF_|HUGGING|TRANSFORMERS_)/.test(name)) delete process.env[name];
}
process.env.HF_HUB_DISABLE_IMPLICIT_TOKEN = '1';

/** A hub that lives as long as the test, and how to reach it, without pauses and with an empty cache. */
export async function startHub(
  t: ExecutionContext,
): Promise<{ hub: HubServer; settings: HubSettings; notes: string[] }> {
  const hub = await HubServer.start();
  t.teardown(() => hub.close());
  const notes: string[] = [];
  const settings: HubSettings = {
    endpoint: hub.endpoint,
    cacheDir: join(await temporaryFolder(t), 'hub'),
    revision: 'main',
    token: undefined,
    offline: undefined,
    stallMs: 60_000,
    attempts: 5,
    backoffMs: 0,
    progress: 'none',
    say: text => notes.push(text),
  };
  return { hub, settings, notes };
}

/** Bytes that are all different from those of another seed. */
export function bytes(length: number, seed = 1): Buffer {
  const content = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    content[i] = state >>> 16;
  }
  return content;
}

/** A model of the form that matters here; weights are no tensors. */
export const smallModel: Files = {
  'README.md': '# A model',
  'config.json': '{"model_type": "bert"}',
  'vocab.txt': '[PAD]\n[UNK]\n',
  'tokenizer_config.json': '{"do_lower_case": false}',
  'model.safetensors': bytes(300_000),
  'pytorch_model.bin': bytes(1000, 2),
  'tf_model.h5': bytes(1000, 3),
};

/** The name of an unfinished file in a folder of blobs, as soon as it has so many bytes on the disk. */
export function unfinishedOf(blobs: string, size: number): Promise<string> {
  return new Promise(resolve => {
    const look = setInterval(async () => {
      for (const name of await readdir(blobs).catch(() => [])) {
        const found = await stat(join(blobs, name)).catch(() => undefined);
        if (!name.endsWith('.incomplete') || found?.size !== size) continue;
        clearInterval(look);
        resolve(name);
      }
    }, 10);
  });
}
