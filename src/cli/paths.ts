import { relative } from 'node:path';

/** A path as messages show it: from the working directory where that is shorter. */
export function shownPath(path: string): string {
  const fromHere = relative('', path);
  return fromHere !== '' && fromHere.length < path.length ? fromHere : path;
}

/** Text as one word of a shell command. */
export function shellWord(text: string): string {
  return /^[\w./:@%+,=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
