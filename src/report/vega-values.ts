/** Constant channels of a Vega mark: `{ x: 1 }` becomes `{ x: { value: 1 } }`. */
export function values<T extends Record<string, unknown>>(channels: T): { [K in keyof T]: { value: T[K] } } {
  const entries = Object.entries(channels).map(([channel, value]) => [channel, { value }]);
  return Object.fromEntries(entries);
}
