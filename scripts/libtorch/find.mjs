// @ts-check
import { InstallError, say } from '../failure.mjs';
import { fetchLibtorch } from './fetch.mjs';
import { inspectLibtorch } from './inspect.mjs';
import { installedTorch } from './python.mjs';

/** @typedef {import('./inspect.mjs').Libtorch} Libtorch */

/**
 * Finds libtorch, or fetches it: NERBERT_LIBTORCH, the PyTorch of python3, the user's cache, the network. Says aloud which.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<Libtorch>}
 */
export async function findLibtorch(env) {
  if (env.NERBERT_LIBTORCH) {
    const libtorch = inspectLibtorch(env.NERBERT_LIBTORCH);
    say(`libtorch ${libtorch.build} from NERBERT_LIBTORCH (${libtorch.root})`);
    return libtorch;
  }
  return findInPython() ?? (await fetchLibtorch(env));
}

/** @returns {Libtorch | undefined} */
function findInPython() {
  const folder = installedTorch();
  if (folder === undefined) {
    say('NERBERT_LIBTORCH is not set and python3 has no PyTorch');
    return undefined;
  }
  try {
    const libtorch = inspectLibtorch(folder);
    say(`libtorch ${libtorch.build} from the PyTorch of python3 (${libtorch.root})`);
    return libtorch;
  } catch (error) {
    if (!(error instanceof InstallError)) throw error;
    say(`the PyTorch of python3 is passed over: ${error.message}`);
    return undefined;
  }
}
