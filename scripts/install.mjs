// @ts-check
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildAddon } from './addon/build.mjs';
import {
  ADDON,
  hashSources,
  installAddons,
  LOADER,
  prebuildsFolder,
  readOrigin,
  recordLibtorch,
  releaseFolder,
} from './addon/release.mjs';
import { checkMachine, thisMachine } from './addon/requirements.mjs';
import { verifyAddon } from './addon/verify.mjs';
import { InstallError, runScript, say } from './failure.mjs';
import { findLibtorch } from './libtorch/find.mjs';
import { minorOf } from './libtorch/versions.mjs';

/*
 * npm's install script, with --force `npm run build:native` and what binding.gyp runs: ends with a working addon in
 * build/Release/, the one that is there, a prebuilt one or a new one.
 */

/** @typedef {import('./libtorch/inspect.mjs').Libtorch} Libtorch */

/**
 * Whether an addon was compiled from these sources with a libtorch of the same C++ ABI.
 * @param {string} addon
 * @param {Libtorch} libtorch
 */
function fits(addon, libtorch) {
  const origin = readOrigin(addon);
  return origin?.sources === hashSources() && minorOf(origin.libtorch) === minorOf(libtorch.version);
}

/**
 * Installs a prebuilt addon that fits and loads here.
 * @param {Libtorch} libtorch
 */
function usePrebuild(libtorch) {
  const names = existsSync(prebuildsFolder) ? readdirSync(prebuildsFolder) : [];
  const name = names.find(
    file => file !== LOADER && file.endsWith('.node') && fits(join(prebuildsFolder, file), libtorch),
  );
  if (name === undefined) return false;
  installAddons(join(prebuildsFolder, name), join(prebuildsFolder, LOADER));
  try {
    verifyAddon(libtorch);
  } catch (error) {
    if (!(error instanceof InstallError)) throw error;
    say(`the prebuilt ${name} is passed over: ${error.message}`);
    return false;
  }
  say(`the prebuilt ${name} is used`);
  return true;
}

await runScript(async () => {
  checkMachine(thisMachine());
  const libtorch = await findLibtorch(process.env);
  const force = process.argv.includes('--force');
  if (!force && existsSync(join(releaseFolder, LOADER)) && fits(join(releaseFolder, ADDON), libtorch)) {
    say('the addon is up to date');
  } else if (force || !usePrebuild(libtorch)) {
    buildAddon(libtorch);
  }
  recordLibtorch(libtorch);
  verifyAddon(libtorch);
  // prebuildify (which sets this) takes the addon itself, but not what loads it.
  if (process.env.PREBUILD_ARCH) {
    mkdirSync(prebuildsFolder, { recursive: true });
    copyFileSync(join(releaseFolder, LOADER), join(prebuildsFolder, LOADER));
  }
  say(`ready: ${join(releaseFolder, ADDON)}`);
});
