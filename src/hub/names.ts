import { OptionError } from '../errors.ts';

/** Whether a name can be that of a model on the hub: `owner/name`, or `name` for a few old ones. */
export function isRepoName(name: string): boolean {
  return (
    name.length <= 96 &&
    /^[\w](?:[\w.-]*\w)?(?:\/\w(?:[\w.-]*\w)?)?$/.test(name) &&
    !/--|\.\./.test(name) &&
    !name.endsWith('.git')
  );
}

/** Whether a name is that of a commit, which never changes what it means. */
export function isCommit(name: unknown): name is string {
  return typeof name === 'string' && /^[0-9a-f]{40}$/.test(name);
}

/**
 * A branch, a tag or a commit, whose name becomes a path in the cache.
 *
 * @throws OptionError for a name that Git would not accept either
 */
export function checkRevision(option: string, value: unknown): string {
  const plain =
    typeof value === 'string' &&
    value.length <= 200 &&
    /^[\w][\w.+@/-]*$/.test(value) &&
    value.split('/').every(part => part !== '' && !part.startsWith('.') && !part.endsWith('.')) &&
    !/\.\.|\.lock$/.test(value);
  if (plain) return value;
  throw new OptionError(option, 'the name of a branch, of a tag or of a commit', value);
}
