// @ts-check
import { buildAddon, hashSources, readRecord, writeRecord } from './build/addon.mjs';
import { checkMachine, thisMachine } from './build/requirements.mjs';
import { verifyAddon } from './build/verify.mjs';
import { runScript, say } from './failure.mjs';
import { findLibtorch } from './libtorch/find.mjs';

// npm's install script, and with --force `npm run build:native`: ends with a working addon in build/Release/.
const force = process.argv.includes('--force');

await runScript(async () => {
  checkMachine(thisMachine());
  const libtorch = await findLibtorch(process.env);
  const record = readRecord();
  const sources = hashSources();
  if (!force && record?.sources === sources && record.version === libtorch.version) {
    writeRecord(libtorch, sources);
    say('the addon is up to date');
  } else {
    buildAddon(libtorch);
  }
  verifyAddon(libtorch);
});
