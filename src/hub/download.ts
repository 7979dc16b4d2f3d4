import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CheckpointError } from '../errors.ts';
import { asWriteError, makeFolder, synchroniseFolder } from '../files.ts';
import { asSpaceError } from './disk-space.ts';
import { readFailure, type Subject, Transient } from './failures.ts';
import type { RemoteFile } from './listing.ts';
import { claimPartial, releasePartial } from './partial-file.ts';
import { asTransient, retrying, StallWatch, send } from './request.ts';
import type { HubSettings } from './settings.ts';

/** What is to be fetched to where. */
export interface Download {
  file: RemoteFile;
  /** Where the content goes; its name tells the content. */
  blob: string;
  repo: string;
  commit: string;
  /** Told how many bytes of the file are there, whenever that changes. */
  onBytes(bytes: number): void;
}

/** Downloads of this thread under way, by blob. */
const underWay = new Map<string, Promise<void>>();

/**
 * Fetches the content of a file, unless it is there. It goes on where an interrupted one ended, and appears under its
 * name when it is whole and its checksum is right.
 *
 * @throws CheckpointError if the hub refuses, or sends something else than it announced
 * @throws NerbertError `ERR_NETWORK`, `ERR_IO`
 */
export async function downloadBlob(download: Download, settings: HubSettings): Promise<void> {
  const { blob, file, onBytes } = download;
  let work = underWay.get(blob);
  if (!work) {
    work = fetchUnlessThere(download, settings).finally(() => underWay.delete(blob));
    underWay.set(blob, work);
  }
  await work;
  onBytes(file.size);
}

async function fetchUnlessThere(download: Download, settings: HubSettings): Promise<void> {
  const there = await stat(download.blob).catch(() => undefined);
  if (there?.size !== download.file.size) await fetchBlob(download, settings);
}

async function fetchBlob(download: Download, settings: HubSettings): Promise<void> {
  const { blob, file, repo } = download;
  await makeFolder(dirname(blob));
  const path = await claimPartial(blob);
  let finished = false;
  try {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT);
    try {
      const transfer = await Transfer.resume(download, settings, handle);
      await transfer.run();
    } finally {
      await handle.close();
    }
    await rename(path, blob);
    finished = true;
    await synchroniseFolder(dirname(blob));
  } catch (error) {
    if (error instanceof WrongContent) {
      await rm(path, { force: true });
      finished = true;
      throw new CheckpointError(`${file.name} is not what the hub announced: ${error.message}`, repo);
    }
    const { size } = await stat(path).catch(() => ({ size: 0 }));
    throw (
      asSpaceError(error, dirname(blob), file.size - size) ?? asWriteError(`${blob} (${file.name})`, error)
    );
  } finally {
    if (!finished) await releasePartial(path, blob);
  }
}

/** What came differs from what was announced. */
class WrongContent extends Error {}

/** One file on its way to the disk. */
class Transfer {
  readonly #download: Download;
  readonly #settings: HubSettings;
  readonly #handle: FileHandle;
  #hash: Hash;
  /** Bytes on the disk that the hash has seen. */
  #size = 0;
  /** Whether some of them were there before. */
  #resumed = false;
  /** Identifies what is sent, for going on with the same after a cut. */
  #etag: string | undefined;

  private constructor(download: Download, settings: HubSettings, handle: FileHandle) {
    this.#download = download;
    this.#settings = settings;
    this.#handle = handle;
    this.#hash = newHash(download.file);
  }

  static async resume(download: Download, settings: HubSettings, handle: FileHandle): Promise<Transfer> {
    const transfer = new Transfer(download, settings, handle);
    for await (const chunk of handle.createReadStream({ start: 0, autoClose: false })) {
      transfer.#hash.update(chunk);
      transfer.#size += chunk.length;
    }
    transfer.#resumed = transfer.#size > 0;
    if (transfer.#size > download.file.size) await transfer.#restart();
    return transfer;
  }

  /** Fetches what is missing and checks the whole. */
  async run(): Promise<void> {
    await this.#receiveAll();
    let found = this.#hash.digest('hex');
    const { value, algorithm } = this.#download.file.digest;
    if (found !== value && this.#resumed) {
      // What an earlier process left may have been damaged since.
      await this.#restart();
      await this.#receiveAll();
      found = this.#hash.digest('hex');
    }
    if (found !== value) {
      throw new WrongContent(
        `its ${algorithm === 'sha256' ? 'SHA-256' : "checksum (Git's SHA-1)"} is ${found}, expected ${value}. ` +
          'It was removed. Try again; if it stays so, the hub or something on the way to it alters files',
      );
    }
    await this.#handle.truncate(this.#size);
    await this.#handle.sync();
  }

  async #receiveAll(): Promise<void> {
    const { file, repo, commit } = this.#download;
    const subject = { repo, revision: commit, file: file.name };
    this.#report();
    while (this.#size < file.size) {
      await retrying(
        subject,
        this.#settings,
        () => this.#receive(subject),
        () => this.#size,
      );
    }
  }

  /** One request, for what is missing. */
  async #receive(subject: Subject): Promise<void> {
    const { file, repo, commit } = this.#download;
    const watch = new StallWatch(this.#settings.stallMs, this.#settings.signal);
    try {
      const address = `${this.#settings.endpoint}/${repo}/resolve/${commit}/${encodeURIComponent(file.name)}`;
      const refused = (refusal: Response) => this.#refused(refusal, subject);
      const response = await send(address, { headers: this.#headers() }, this.#settings, watch, refused);
      if (response.status !== 206) {
        if (this.#size > 0) await this.#restart();
      } else if (rangeStart(response) !== this.#size) {
        await response.body?.cancel();
        await this.#restart();
        throw new Transient('it sent another part of the file than the one asked for');
      }
      this.#etag = strongEtag(response);
      await this.#write(response, watch);
    } finally {
      watch.end();
    }
    if (this.#size < file.size) throw new Transient(this.#cut());
  }

  #headers(): Record<string, string> {
    // A compressed answer would have no ranges.
    const headers = { 'accept-encoding': 'identity' };
    if (this.#size === 0) return headers;
    const range = { ...headers, range: `bytes=${this.#size}-` };
    return this.#etag === undefined ? range : { ...range, 'if-range': this.#etag };
  }

  async #refused(response: Response, subject: Subject): Promise<Error> {
    if (response.status !== 416) return readFailure(response, subject, this.#settings);
    await this.#restart();
    return new Transient('it has less of the file than it announced');
  }

  async #write(response: Response, watch: StallWatch): Promise<void> {
    const { file } = this.#download;
    const reader = response.body?.getReader();
    for (;;) {
      const part = await reader?.read().catch(error => {
        const failure = asTransient(error, watch);
        throw failure instanceof Transient
          ? new Transient(`${failure.message} ${this.#place()}`, { cause: error })
          : failure;
      });
      if (!part || part.done) return;
      watch.moved();
      if (this.#size + part.value.length > file.size) {
        await reader?.cancel().catch(() => {});
        throw new WrongContent(`it is longer than ${file.size} bytes. It was removed`);
      }
      await writeFully(this.#handle, part.value, this.#size);
      this.#hash.update(part.value);
      this.#size += part.value.length;
      this.#report();
    }
  }

  async #restart(): Promise<void> {
    await this.#handle.truncate(0);
    this.#hash = newHash(this.#download.file);
    this.#size = 0;
    this.#resumed = false;
    this.#etag = undefined;
  }

  #report(): void {
    this.#download.onBytes(this.#size);
  }

  #cut(): string {
    return `the connection ended ${this.#place()}`;
  }

  #place(): string {
    return `after ${this.#size} of ${this.#download.file.size} bytes`;
  }
}

async function writeFully(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    written += (await handle.write(bytes, written, bytes.length - written, position + written)).bytesWritten;
  }
}

function newHash({ digest, size }: RemoteFile): Hash {
  if (digest.algorithm === 'sha256') return createHash('sha256');
  return createHash('sha1').update(`blob ${size}\0`);
}

function rangeStart(response: Response): number | undefined {
  const [, start] = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '') ?? [];
  return start === undefined ? undefined : Number(start);
}

/** Only a strong one promises the same bytes. */
function strongEtag(response: Response): string | undefined {
  const etag = response.headers.get('etag');
  return etag === null || etag.startsWith('W/') ? undefined : etag;
}
