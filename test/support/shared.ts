import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestFn } from 'ava';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** A file below test/fixtures. */
export const fixture = (...parts: string[]): string => join(root, 'test', 'fixtures', ...parts);

/** The project's root folder. */
export const projectRoot = root;

/** A large file (corpus, model) beside the project, present on the founders' machines only. */
export const shared = (...parts: string[]): string =>
  join(process.env.NERBERT_SHARED ?? join(root, '..', 'shared'), ...parts);

/** `test`, or `test.skip` (which ava reports by name) where one of the large files is absent. */
export function testWith<Context>(
  test: TestFn<Context>,
  ...paths: string[]
): TestFn<Context> | TestFn<Context>['skip'] {
  return paths.every(path => existsSync(path)) ? test : test.skip;
}
