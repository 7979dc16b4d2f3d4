const units = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** A size as the hub shows it, in powers of 1000 with three digits: 442 MB. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const power = Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  const rounded = value.toPrecision(3);
  return Number(rounded) >= 1000 && power < units.length - 1
    ? `1.00 ${units[power + 1]}`
    : `${Number(rounded) >= 100 ? Math.round(value) : rounded} ${units[power]}`;
}
