// @ts-check
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { codeOf, InstallError, say } from '../failure.mjs';
import { megabytes, Progress } from './progress.mjs';
import { destinationOf } from './selection.mjs';
import { ARCHIVE_SHA256 } from './versions.mjs';
import { listZip, unpackZip } from './zip.mjs';

/** PyTorch's own download site; NERBERT_LIBTORCH_URL names a mirror of it. */
const SITE = 'https://download.pytorch.org/libtorch';

/**
 * Fetches the CPU build's archive and unpacks what is needed; no Python takes part.
 * @param {object} options
 * @param {string} options.version
 * @param {NodeJS.ProcessEnv} options.env
 * @param {string} options.staging folder for everything that is temporary
 * @param {string} options.tree folder to fill
 * @returns {Promise<{ source: string, cpuPart: boolean }>}
 */
export async function fetchArchive({ version, env, staging, tree }) {
  if (process.arch !== 'x64')
    throw new InstallError(`PyTorch's download site has no libtorch archive for ${process.arch}`, []);
  const source = `libtorch-shared-with-deps-${version}+cpu.zip`;
  const url = `${env.NERBERT_LIBTORCH_URL ?? SITE}/cpu/${encodeURIComponent(source)}`;
  const file = join(staging, source);
  const sha256 = await download(url, file);
  const expected = ARCHIVE_SHA256.get(version);
  if (expected === undefined)
    say(`SHA-256 of ${source} is ${sha256}; no sum of this version is known to compare it with`);
  else if (expected !== sha256)
    throw new InstallError(`the checksum of ${url} is wrong: SHA-256 is ${sha256}, expected ${expected}`, []);
  await unpackZip(file, listZip(file), tree, name => destinationOf(name, false));
  return { source, cpuPart: false };
}

/**
 * @param {string} url
 * @param {string} file
 * @returns {Promise<string>} the file's SHA-256
 */
async function download(url, file) {
  const response = await fetch(url).catch(error => {
    const reason =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new InstallError(`${url} cannot be reached: ${reason}`, []);
  });
  if (!response.ok || response.body === null)
    throw new InstallError(`${url} answers ${response.status} ${response.statusText}`, []);
  const total = Number(response.headers.get('content-length')) || undefined;
  say(`downloading ${url} (${total ? megabytes(total) : 'size unknown'})`);
  const progress = new Progress(total);
  const hash = createHash('sha256');
  let size = 0;
  /** @param {AsyncIterable<Uint8Array>} chunks */
  const watch = async function* (chunks) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      size += chunk.length;
      progress.update(size);
      yield chunk;
    }
  };
  try {
    await pipeline(Readable.fromWeb(response.body), watch, createWriteStream(file));
  } catch (error) {
    if (codeOf(error) === 'ENOSPC') throw error;
    throw new InstallError(`the download of ${url} broke off after ${megabytes(size)}: ${error}`, []);
  } finally {
    progress.end();
  }
  if (total !== undefined && size !== total)
    throw new InstallError(`${url} is incomplete: ${size} bytes came, ${total} were expected`, []);
  return hash.digest('hex');
}
