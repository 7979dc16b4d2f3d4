import { existsSync } from 'node:fs';
import { join, sep } from 'node:path';
import { cacheFolder } from '../../cache-folder.ts';
import { REBUILD } from '../../engine/libtorch.ts';
import { libtorchFolder } from '../../engine/native.ts';
import type { EngineState } from './engine-state.ts';
import { type Finding, messageOf, ok, problem, remediesOf, warning } from './fact.ts';
import { installScripts } from './install-scripts.ts';

/** The libtorch that is, or would be, loaded. */
export async function libtorch(engine: EngineState, env = process.env): Promise<Finding> {
  const { inspectLibtorch } = await installScripts();
  let folder: string | undefined;
  try {
    folder = libtorchFolder(env.NERBERT_LIBTORCH);
    const { root, version, build, cuda } = inspectLibtorch(folder);
    const source = sourceOf(root, env);
    const text = `${build}, ${cuda ? 'CUDA' : 'CPU'} build, ${source}: ${root}`;
    return ok(text, { folder: root, source, version, build, cuda });
  } catch (error) {
    const values = { folder: folder ?? null };
    if (engine.loads) {
      const text = `${engine.libtorch.version} is loaded, but nothing can be built against it: ${messageOf(error)}`;
      return warning(text, remediesOf(error, [REBUILD]), values);
    }
    return problem(messageOf(error), remediesOf(error, [REBUILD]), values);
  }
}

function sourceOf(root: string, env: NodeJS.ProcessEnv): string {
  if (env.NERBERT_LIBTORCH) return 'named by NERBERT_LIBTORCH';
  if (root.startsWith(join(cacheFolder(env), 'libtorch') + sep)) return "in nerbert's cache";
  return existsSync(join(root, '__init__.py')) ? "of Python's torch" : 'recorded when the addon was built';
}
