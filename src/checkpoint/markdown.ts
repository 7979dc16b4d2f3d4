/** Text of others as it stands in a line of Markdown, a table's cell included: nothing in it is markup. */
export function plainText(text: string): string {
  return text
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .replace(/[\\`*[\]<>&|~#$]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, special => `\\${special}`);
}

/** A table; the first row is its heading. `others` aligns all columns but the first: as numbers by default. */
export function table(
  [heading = [], ...rows]: readonly (readonly string[])[],
  others: '---' | '---:' = '---:',
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = heading.map((_, column) => (column === 0 ? '---' : others));
  return [heading, rule, ...rows].map(line).join('\n');
}
