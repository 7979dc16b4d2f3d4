/* JSON has no numbers that are not finite, but losses and scores may be. */

/** How such a number is written: as an object with this one key. */
const KEY = '$number';

export function toStateJson(value: unknown): string {
  return JSON.stringify(value, (_, member) =>
    typeof member === 'number' && !Number.isFinite(member) ? { [KEY]: String(member) } : member,
  );
}

/** @throws SyntaxError */
export function fromStateJson(text: string): unknown {
  return JSON.parse(text, (_, member) =>
    typeof member === 'object' && member !== null && KEY in member ? Number(member[KEY]) : member,
  );
}
