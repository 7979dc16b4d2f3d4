import { inflateSync } from 'node:zlib';

export interface Png {
  width: number;
  height: number;
  /** Number of pixels of each colour, by its name as in `#0072b2`. */
  colours: Map<string, number>;
}

/** Decodes an 8-bit RGBA PNG without interlacing, see the PNG specification, sections 5, 9 and 10. */
export function readPng(bytes: Buffer): Png {
  if (bytes.toString('latin1', 1, 4) !== 'PNG') throw new Error('not a PNG');
  const parts: Buffer[] = [];
  for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const data = bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at));
    if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(data);
  }
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const [depth, colourType, , , interlace] = bytes.subarray(24, 29);
  if (depth !== 8 || colourType !== 6 || interlace !== 0) throw new Error('not 8-bit RGBA');
  const pixels = unfilter(inflateSync(Buffer.concat(parts)), width * 4, height);
  const counts = new Map<number, number>();
  for (let at = 0; at < pixels.length; at += 4) {
    const colour = pixels.readUIntBE(at, 3);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const named = [...counts].map(
    ([colour, count]) => [`#${colour.toString(16).padStart(6, '0')}`, count] as const,
  );
  return { width, height, colours: new Map(named) };
}

function unfilter(filtered: Buffer, rowBytes: number, rows: number): Buffer {
  const out = Buffer.alloc(rowBytes * rows);
  for (let row = 0; row < rows; row++) {
    const start = row * rowBytes;
    const filter = filtered[start + row];
    for (let column = 0; column < rowBytes; column++) {
      const at = start + column;
      const left = column < 4 ? 0 : (out[at - 4] ?? 0);
      const up = row === 0 ? 0 : (out[at - rowBytes] ?? 0);
      const corner = column < 4 || row === 0 ? 0 : (out[at - rowBytes - 4] ?? 0);
      let predicted = 0;
      if (filter === 1) predicted = left;
      else if (filter === 2) predicted = up;
      else if (filter === 3) predicted = (left + up) >> 1;
      else if (filter === 4) predicted = paeth(left, up, corner);
      out[at] = (filtered[at + row + 1] ?? 0) + predicted;
    }
  }
  return out;
}

function paeth(left: number, up: number, corner: number): number {
  const estimate = left + up - corner;
  const toLeft = Math.abs(estimate - left);
  const toUp = Math.abs(estimate - up);
  const toCorner = Math.abs(estimate - corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}
