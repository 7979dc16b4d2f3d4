// @ts-check
import { copyFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ADDON, packageRoot, prebuildsFolder, releaseFolder } from './addon/release.mjs';
import { runScript, say } from './failure.mjs';
import { findLibtorch } from './libtorch/find.mjs';
import { minorOf } from './libtorch/versions.mjs';

// Puts an addon in prebuilds/ whose name tells the minor version of libtorch: it serves the CPU and CUDA builds of that one.
await runScript(async () => {
  const { version } = await findLibtorch(process.env);
  const name = `nerbert-libtorch${minorOf(version)}`;
  const prebuildify = promisify(createRequire(import.meta.url)('prebuildify'));
  // Node-API is the same in every version: this one's headers are the likeliest to be at hand.
  const targets = [`node@${process.versions.node}`];
  await prebuildify({ napi: true, strip: false, targets, name, cwd: packageRoot });
  const prebuilt = join(prebuildsFolder, `${name}.node`);
  // prebuildify moves the addon away from where it was built.
  copyFileSync(prebuilt, join(releaseFolder, ADDON));
  say(`prebuilt ${prebuilt}`);
});
