import { cacheFolder } from '../../cache-folder.ts';
import { defaultCache } from '../../hub/environment.ts';
import { addon, unknownWithoutAddon } from './addon.ts';
import { cache } from './cache.ts';
import { corpus } from './corpus.ts';
import { cuda } from './cuda.ts';
import { engineState, type LoadedEngine } from './engine-state.ts';
import { type Fact, type Finding, factOf } from './fact.ts';
import { hub } from './hub.ts';
import { libtorch } from './libtorch.ts';
import { bfloat16, cpu, threads, vectorCode } from './processor.ts';
import { kernels, matrixPath } from './products.ts';
import { memory, nodeVersion, operatingSystem } from './system.ts';

/**
 * All facts, in the order of the report.
 *
 * @param measure whether to measure the matrix path anew
 * @param again the command that does it
 */
export async function examine(measure: boolean, again: string): Promise<Fact[]> {
  const engine = await engineState(measure);
  const runtime = engine.loads ? engine.runtime : undefined;
  const ofEngine = (check: (loaded: LoadedEngine) => Finding) => () =>
    engine.loads ? check(engine) : unknownWithoutAddon();

  const foundLibtorch = await factOf('libtorch', 'libtorch', () => libtorch(engine));
  return [
    await factOf('node', 'Node.js', () => nodeVersion()),
    await factOf('system', 'system', () => operatingSystem()),
    await factOf('cpu', 'CPU', cpu),
    await factOf('memory', 'memory', () => memory()),
    foundLibtorch,
    await factOf('addon', 'addon', () => addon(engine, foundLibtorch.status)),
    await factOf('cuda', 'CUDA', ofEngine(cuda)),
    await factOf('threads', 'threads', () => threads(runtime)),
    await factOf(
      'vectorCode',
      'vector code',
      ofEngine(loaded => vectorCode(loaded.runtime)),
    ),
    await factOf('bfloat16', 'bfloat16', () => bfloat16(runtime)),
    await factOf('kernels', 'kernels', () => kernels()),
    await factOf('matrixPath', 'matrix path', () => matrixPath(engine, again)),
    await factOf('cache', 'cache', () => cache(cacheFolder(), 'NERBERT_CACHE')),
    await factOf('hubCache', 'hub cache', () => cache(defaultCache(process.env), 'HF_HUB_CACHE')),
    await factOf('hub', 'hub', () => hub()),
    await factOf('corpus', 'corpus', corpus),
  ];
}
