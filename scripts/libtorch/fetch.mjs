// @ts-check
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { InstallError, say } from '../failure.mjs';
import { fetchArchive } from './archive.mjs';
import { cacheFolder, findCached, publish } from './cache.mjs';
import { inspectLibtorch } from './inspect.mjs';
import { fetchWheels } from './pip.mjs';
import { pipState } from './python.mjs';
import { withStaging } from './staging.mjs';
import { wantedVersion } from './versions.mjs';

/** @typedef {import('./inspect.mjs').Libtorch} Libtorch */

/** Whether this machine has NVIDIA's driver: of Linux, or of Windows below WSL 2. */
const hasNvidiaDriver = () =>
  existsSync('/proc/driver/nvidia/version') || existsSync('/usr/lib/wsl/lib/libcuda.so.1');

/**
 * libtorch from the user's cache, else fetched into it: with pip, or if that fails as PyTorch's archive.
 * @param {NodeJS.ProcessEnv} env
 * @param {boolean} driver
 * @returns {Promise<Libtorch>}
 */
export async function fetchLibtorch(env, driver = hasNvidiaDriver()) {
  const version = wantedVersion(env);
  const index = env.NERBERT_TORCH_INDEX || undefined;
  const cache = cacheFolder(env);
  const cached = findCached(
    cache,
    manifest =>
      manifest.version === version &&
      manifest.arch === process.arch &&
      (index === undefined || manifest.index === index) &&
      !(manifest.cpuPart && driver),
  );
  if (cached !== undefined) {
    const libtorch = inspectLibtorch(cached);
    say(`libtorch ${libtorch.build} from the cache (${libtorch.root})`);
    return libtorch;
  }
  say(`libtorch ${version} is not in the cache ${cache}`);
  return await withStaging(cache, async staging => {
    const tree = join(staging, 'tree');
    mkdirSync(tree);
    const { source, cpuPart } = await fetchInto(tree, { version, index, driver, staging, env });
    const { build } = inspectLibtorch(join(tree, 'torch'));
    say(`checking and keeping libtorch ${build} in ${cache}`);
    const about = { version, build, arch: process.arch, cpuPart, index: index ?? null, source };
    return inspectLibtorch(await publish(tree, cache, about));
  });
}

/**
 * @param {string} tree
 * @param {{ version: string, index: string | undefined, driver: boolean, staging: string, env: NodeJS.ProcessEnv }} options
 */
async function fetchInto(tree, options) {
  const state = pipState();
  let reason = `there is ${state}`;
  if (state === 'ok') {
    try {
      return await fetchWheels({ ...options, tree });
    } catch (error) {
      if (!(error instanceof InstallError) || error.remedies.length > 0) throw error;
      reason = error.message;
    }
  }
  say(`${reason}; trying the archive from PyTorch's download site`);
  rmSync(tree, { recursive: true });
  mkdirSync(tree);
  try {
    return await fetchArchive({ ...options, tree });
  } catch (error) {
    if (!(error instanceof InstallError) || error.remedies.length > 0) throw error;
    throw new InstallError(`libtorch ${options.version} cannot be fetched: ${reason}; ${error.message}`, [
      state === 'ok'
        ? "look at pip's messages above: check the network, a proxy (HTTPS_PROXY), or set NERBERT_TORCH_INDEX to another package index, such as https://download.pytorch.org/whl/cpu"
        : 'install Python 3 with pip: `apt install python3 python3-pip` or `dnf install python3 python3-pip`',
      'install PyTorch for python3 (`python3 -m pip install torch`): it is used where it is found',
      'fetch libtorch yourself (https://pytorch.org/get-started/locally/, LibTorch, C++) and set NERBERT_LIBTORCH to the unpacked folder',
    ]);
  }
}
