import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { isTemporary } from '../../src/files.ts';
import type { EndEvent } from '../../src/training/events.ts';
import { runChild } from '../support/child.ts';
import { exitCode, start } from '../support/cli.ts';
import { seededRandom } from '../support/mutate.ts';
import { filesOf } from '../support/resuming.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SCRIPT = 'lifecycle/children/killed-run.ts';
const KILLS = 50;
/** A run tells of fewer events than this between two kills. */
const EVENTS = 16;
/** A state takes a few milliseconds to write. */
const DELAY_MS = 4;
/** How long to look for one that is being written, at most. */
const SEARCH_MS = 500;

/** Names in the folder of states that are not whole. */
function unfinished(folder: string): string[] {
  const states = join(folder, 'resume');
  return existsSync(states) ? readdirSync(states).filter(isTemporary) : [];
}

function spin(milliseconds: number, until: () => boolean = () => false): void {
  const begin = performance.now();
  while (performance.now() - begin < milliseconds && !until());
}

/** Starts a run and kills it at some moment. @returns whether it was killed, rather than done before */
async function killAtRandom(folder: string, random: () => number): Promise<boolean> {
  const child = start(join('test', SCRIPT), [folder]);
  const lines = Math.floor(random() * EVENTS);
  const delay = random() * DELAY_MS;
  const inSaving = random() < 0.5;
  let seen = 0;
  for await (const text of child.stdout) {
    seen += text.split('\n').length - 1;
    if (seen <= lines) continue;
    if (inSaving) spin(SEARCH_MS, () => unfinished(folder).length > 0);
    spin(delay);
    child.kill('SIGKILL');
    break;
  }
  await exitCode(child);
  return child.signalCode === 'SIGKILL';
}

/** Kills that left a state half written. */
let whileSaving = 0;

/** A run that is killed again and again until it is done, and its remains at the end. */
async function killedRun(folder: string, random: () => number, count: () => boolean) {
  while (count()) {
    if (!(await killAtRandom(folder, random))) break;
    if (unfinished(folder).length > 0) whileSaving++;
  }
  const { code, stdout, stderr } = await runChild(SCRIPT, { args: [folder] });
  const { result } = JSON.parse(stdout.split('\n').at(-2) ?? '') as EndEvent;
  return { code, stderr, result, files: await filesOf(folder) };
}

test('a run that is killed at any moment goes on, and ends as if it had not been', async t => {
  t.timeout(170_000);
  const parent = await temporaryFolder(t);
  const expected = await killedRun(
    join(parent, 'whole', 'run'),
    () => 0,
    () => false,
  );
  t.is(expected.code, 0);
  t.is(expected.result.best?.epoch, 5, 'so model.safetensors holds the weights of the last step');
  let kills = 0;
  const count = () => kills < KILLS && ++kills > 0;
  // Two at a time, one for each core.
  const series = async (seed: number) => {
    const random = seededRandom(seed);
    for (let i = 0; kills < KILLS; i++) {
      t.deepEqual(await killedRun(join(parent, `${seed}-${i}`, 'run'), random, count), expected);
    }
  };
  await Promise.all([series(1), series(2)]);
  t.log(`${whileSaving} of ${kills} kills left a state half written`);
});
