import { execFileSync, spawnSync } from 'node:child_process';
import { statfsSync, writeFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { isTemporary } from '../../src/files.ts';
import { run } from '../support/resuming.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Whether this process may mount a file system: tried where nobody else sees it. */
function mayMount(): boolean {
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Leaves this many bytes on a disk. */
function fill(disk: string, left: number): string {
  const filler = join(disk, 'filler');
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(filler, Buffer.alloc(bavail * bsize - left));
  return filler;
}

/** Lets this process write files up to this size: the next best to a full disk. */
function limitFiles(bytes: number | 'unlimited'): boolean {
  const limit = ['--pid', `${process.pid}`, `--fsize=${bytes}:unlimited`];
  return spawnSync('prlimit', limit).status === 0;
}

const onSmallDisk = mayMount() ? test.serial : test.serial.skip;

onSmallDisk(
  'too small a disk is told before training; one that fills up leaves the last state whole',
  async t => {
    const disk = await temporaryFolder(t);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
    t.teardown(() => execFileSync('umount', [disk]));
    const folder = join(disk, 'run');

    const filler = fill(disk, 1_000_000);
    const early = await run(folder);
    t.deepEqual(early.events, []);
    t.regex(
      `${early.error}`,
      /Expected [\d.]+ MB of free space in .*run for what the run will save, but there are/,
    );
    await rm(filler);

    let states = 0;
    const late = await run(
      folder,
      {},
      {
        stop: event => {
          if (event.type === 'state' && states++ === 0) fill(disk, 200_000);
          return false;
        },
      },
    );
    t.is(states, 1);
    t.regex(`${late.error}`, /Could not .*(no space left on the disk|No space left on device)/);
    t.deepEqual(await readdir(join(folder, 'resume')), ['step-000003']);
    t.deepEqual((await readdir(folder)).filter(isTemporary), []);

    await rm(filler);
    const resumed = await run(folder, {}, {}, { resume: true });
    t.is(resumed.error, undefined);
    const whole = await run(join(await temporaryFolder(t), 'run'));
    t.deepEqual(resumed.parameters, whole.parameters);
  },
);

const withLimits = limitFiles('unlimited') ? test.serial : test.serial.skip;

withLimits('a state that cannot be written whole leaves the last one whole', async t => {
  const folder = join(await temporaryFolder(t), 'run');
  t.teardown(() => limitFiles('unlimited'));
  let states = 0;
  const late = await run(
    folder,
    {},
    {
      stop: event => {
        if (event.type === 'state' && states++ === 0) limitFiles(20_000);
        return false;
      },
    },
  );
  limitFiles('unlimited');
  t.is(states, 1);
  t.regex(`${late.error}`, /Could not write .* larger than this process may write.*ulimit -f/);
  t.deepEqual(await readdir(join(folder, 'resume')), ['step-000003']);
  t.deepEqual((await readdir(folder)).filter(isTemporary), []);
  const resumed = await run(folder, {}, {}, { resume: true });
  t.is(resumed.error, undefined);
  const whole = await run(join(await temporaryFolder(t), 'run'));
  t.deepEqual(resumed.parameters, whole.parameters);
});
