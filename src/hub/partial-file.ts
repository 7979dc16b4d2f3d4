import { readdir, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';

/*
 * Each process writes to a file of its own, BLOB.nerbert-HOST-PID-THREAD.incomplete, so that two may fetch the same
 * at once. One that fails leaves it as BLOB.nerbert.incomplete, and one that was killed leaves it as it was; whoever
 * comes next takes it over by renaming, which succeeds for one alone. Locks were not taken: Node has none that go with
 * their process, and one that stays behind would stop everybody.
 */

const host = hostname()
  .replace(/[^\w.]/g, '_')
  .slice(0, 64);

/**
 * Takes over what an ended process left of a blob, if anything.
 *
 * A thread must not claim a blob twice at a time.
 *
 * @returns a path to write to; there may be a file already, whose content is a beginning of the blob
 */
export async function claimPartial(blob: string): Promise<string> {
  const own = `${blob}.nerbert-${host}-${process.pid}-${threadId}.incomplete`;
  const left = await leftovers(blob);
  let taken = left.includes(own);
  for (const path of left) {
    if (path === own) continue;
    if (taken) await rm(path, { force: true });
    else taken = await succeeds(rename(path, own));
  }
  return own;
}

/** Leaves an unfinished file to whoever tries next, this process included. */
export async function releasePartial(own: string, blob: string): Promise<void> {
  await rename(own, `${blob}.nerbert.incomplete`).catch(() => {});
}

async function succeeds(work: Promise<void>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  );
}

/** Unfinished files of a blob that nobody writes to, the longest first. */
async function leftovers(blob: string): Promise<string[]> {
  const folder = dirname(blob);
  const names = await readdir(folder).catch(() => []);
  const free = names
    .filter(name => name.startsWith(`${basename(blob)}.nerbert`) && isFree(name))
    .map(name => join(folder, name));
  const sized = await Promise.all(
    free.map(async path => ({ path, size: (await stat(path).catch(() => undefined))?.size ?? 0 })),
  );
  return sized.sort((a, b) => b.size - a.size).map(({ path }) => path);
}

function isFree(name: string): boolean {
  if (name.endsWith('.nerbert.incomplete')) return true;
  const [, writer, pid, thread] = /\.nerbert-([\w.]+)-(\d+)-(\d+)\.incomplete$/.exec(name) ?? [];
  if (writer !== host) return false;
  // An own number that this thread does not use belonged to an ended process.
  if (Number(pid) === process.pid) return Number(thread) === threadId;
  return !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
