import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { NerbertError } from '../errors.ts';
import { makeFolder, writeFileAtomically } from '../files.ts';

/** What is known of a file before it comes. */
export interface KnownContent {
  bytes: number;
  sha256: string;
}

export interface Transfer {
  url: string;
  /** Where the file appears when it is whole. */
  path: string;
  expected: KnownContent;
  signal: AbortSignal | undefined;
  /** Told how many bytes have come. */
  onBytes(bytes: number): void;
}

/** Whether a file is there, can be read and is what it should be. */
export async function isIntact(path: string, { bytes, sha256 }: KnownContent): Promise<boolean> {
  try {
    if ((await stat(path)).size !== bytes) return false;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk);
    return hash.digest('hex') === sha256;
  } catch {
    return false;
  }
}

/**
 * Fetches a file. It appears under its name when all of it is there and its checksum is right, else not at all.
 *
 * @param stallMs a connection that brings nothing for so long, in milliseconds, is given up
 * @throws NerbertError `ERR_NETWORK`, `ERR_IO`
 * @throws the signal's reason if it aborts
 */
export async function download(transfer: Transfer, stallMs = 60_000): Promise<void> {
  await makeFolder(dirname(transfer.path));
  await writeFileAtomically(transfer.path, async temporary => {
    const file = await open(temporary, 'w');
    try {
      for await (const chunk of verified(transfer, stallMs)) await file.writeFile(chunk);
    } finally {
      await file.close();
    }
  });
}

/** What comes from the network; throws after the last chunk if it is not what it should be. */
async function* verified(transfer: Transfer, stallMs: number): AsyncGenerator<Uint8Array> {
  const { expected, onBytes } = transfer;
  const hash = createHash('sha256');
  let come = 0;
  for await (const chunk of received(transfer, stallMs)) {
    come += chunk.length;
    if (come > expected.bytes) throw wrongContent(transfer, `more than ${expected.bytes} bytes`);
    hash.update(chunk);
    onBytes(come);
    yield chunk;
  }
  if (come < expected.bytes) {
    throw failure(transfer, `the connection ended after ${come} of ${expected.bytes} bytes`);
  }
  const found = hash.digest('hex');
  if (found !== expected.sha256) throw wrongContent(transfer, `a file with the SHA-256 ${found}`);
}

async function* received(transfer: Transfer, stallMs: number): AsyncGenerator<Uint8Array> {
  const { url, signal } = transfer;
  const stalled = new AbortController();
  const timer = setTimeout(() => stalled.abort(), stallMs);
  try {
    const response = await fetch(url, {
      signal: AbortSignal.any([stalled.signal, ...(signal ? [signal] : [])]),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw failure(transfer, `the server answers ${response.status} ${response.statusText}`.trimEnd());
    }
    for await (const chunk of response.body ?? []) {
      timer.refresh();
      yield chunk;
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof NerbertError) throw error;
    const reason = stalled.signal.aborted ? `nothing came for ${stallMs / 1000} s` : reasonOf(error);
    throw failure(transfer, reason, error);
  } finally {
    clearTimeout(timer);
  }
}

/** `fetch` says "fetch failed"; why stands in its cause, or in the first of several causes. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & { cause?: Error & { errors?: Error[] } };
  return cause?.errors?.[0]?.message || cause?.message || message;
}

function failure({ url, path }: Transfer, reason: string, cause?: unknown): NerbertError {
  return new NerbertError(
    'ERR_NETWORK',
    `Could not fetch ${url}: ${reason}. Check the connection and try again, or put the file there yourself: ${path}`,
    { cause },
  );
}

function wrongContent({ url, expected }: Transfer, found: string): NerbertError {
  return new NerbertError(
    'ERR_NETWORK',
    `Expected the file with the SHA-256 ${expected.sha256} (${expected.bytes} bytes) from ${url} but received ` +
      `${found}. It was not kept. Try again; if it stays so, something on the way alters files`,
  );
}
