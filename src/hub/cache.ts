import { readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { asWriteError, makeFolder, temporaryName, writeFileAtomically } from '../files.ts';
import { isCommit } from './names.ts';

/** File systems without symbolic links answer so. */
const noSymlinks = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']);

/**
 * A model in the cache that Python's huggingface_hub uses as well: `blobs/` holds contents under their checksums,
 * `snapshots/COMMIT/` links from names to them, `refs/REVISION` the commit that a revision stood for when last seen.
 */
export class CachedModel {
  readonly #folder: string;

  constructor(cacheDir: string, repo: string) {
    this.#folder = join(cacheDir, `models--${repo.replaceAll('/', '--')}`);
  }

  blob(digest: string): string {
    return join(this.#folder, 'blobs', digest);
  }

  snapshot(commit: string): string {
    return join(this.#folder, 'snapshots', commit);
  }

  /** The commit that a revision stood for when the hub was last asked. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (isCommit(revision)) return revision;
    const text = await readFile(this.#ref(revision), 'utf8').catch(() => '');
    return isCommit(text.trim()) ? text.trim() : undefined;
  }

  /** Whether a commit's file is there, its content included. */
  async has(commit: string, name: string): Promise<boolean> {
    return (await stat(join(this.snapshot(commit), name)).catch(() => undefined))?.isFile() ?? false;
  }

  /** Gives a blob its name in a commit, whatever stood there before. */
  async link(commit: string, name: string, digest: string): Promise<void> {
    const path = join(this.snapshot(commit), name);
    const blob = this.blob(digest);
    await makeFolder(dirname(path));
    const temporary = join(dirname(path), temporaryName(basename(path)));
    try {
      await symlink(relative(dirname(path), blob), temporary);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      if (!noSymlinks.has((error as NodeJS.ErrnoException).code ?? '')) throw asWriteError(path, error);
      await rename(blob, path);
    }
  }

  /** Remembers what a revision stands for. @throws NerbertError `ERR_IO` */
  async remember(revision: string, commit: string): Promise<void> {
    if (isCommit(revision) || (await this.commitOf(revision)) === commit) return;
    await makeFolder(dirname(this.#ref(revision)));
    await writeFileAtomically(this.#ref(revision), commit);
  }

  #ref(revision: string): string {
    return join(this.#folder, 'refs', ...revision.split('/'));
  }
}
