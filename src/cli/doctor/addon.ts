import { REBUILD } from '../../engine/libtorch.ts';
import { findAddons } from '../../engine/native.ts';
import { shownPath } from '../paths.ts';
import type { EngineState } from './engine-state.ts';
import { type Finding, messageOf, ok, problem, remediesOf, type Status, warning } from './fact.ts';
import { installScripts } from './install-scripts.ts';

/** Names the finding that the others wait for. */
const ADDON_FIRST = ['mend the addon first'];

/** @param libtorchStatus what was found of libtorch, which tells the reason where the addon cannot be loaded for it */
export async function addon(engine: EngineState, libtorchStatus: Status): Promise<Finding> {
  let files: string[];
  try {
    files = findAddons().addons;
  } catch (error) {
    return problem(messageOf(error), remediesOf(error, [REBUILD]));
  }
  const { readOrigin, hashSources } = await installScripts();
  const origins = files.map(file => ({ file, origin: readOrigin(file) }));
  const values = {
    loads: engine.loads,
    addons: origins.map(({ file, origin }) => ({ file, libtorch: origin?.libtorch ?? null })),
  };
  if (!engine.loads) {
    if (libtorchStatus === 'problem') {
      const text = `cannot be loaded without libtorch: ${origins.map(described).join(', ')}`;
      return problem(text, ['mend libtorch first'], values);
    }
    return problem(engine.reason, engine.remedies.length > 0 ? engine.remedies : [REBUILD], values);
  }
  const loaded = { file: engine.addon, origin: readOrigin(engine.addon) };
  const text = `loads: ${described(loaded)}`;
  if (loaded.origin?.sources === hashSources()) return ok(text, values);
  return warning(`${text}, but from other sources than those in native/`, [REBUILD], values);
}

/** What is said in the place of a finding that only the addon can tell. */
export function unknownWithoutAddon(): Finding {
  return warning('not known, because the addon cannot be loaded', ADDON_FIRST);
}

function described({ file, origin }: { file: string; origin: { libtorch: string } | undefined }): string {
  const minor = origin?.libtorch.split('.').slice(0, 2).join('.') ?? 'of unknown version';
  return `${shownPath(file)}, built for libtorch ${minor}`;
}
