import type { ParameterShape } from './parameters.ts';
import { elementSizes } from './tensor-entry.ts';

/** Where the float32 values of one parameter go in a safetensors file. */
export interface LayoutEntry {
  name: string;
  /** Bytes from the start of the file. */
  offset: number;
  length: number;
}

export interface SafetensorsLayout {
  /** The file's first bytes: the header's length and the header. */
  header: Uint8Array;
  /** In the order of the data, which follow the header without gaps. */
  entries: LayoutEntry[];
  /** Bytes of the whole file. */
  size: number;
}

/** The data begin at a multiple of this many bytes, for readers that map the file into memory. */
const alignment = 8;

/** Plans a safetensors file of float32 parameters as Python's safetensors writes it, with `format: pt`. */
export function safetensorsLayout(parameters: readonly ParameterShape[]): SafetensorsLayout {
  const sorted = [...parameters].sort((a, b) => (a.name < b.name ? -1 : 1));
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let dataLength = 0;
  const ranges = sorted.map(({ name, shape }) => {
    const length = shape.reduce((product, size) => product * size, elementSizes.float32);
    const begin = dataLength;
    dataLength += length;
    header[name] = { dtype: 'F32', shape, data_offsets: [begin, dataLength] };
    return { name, begin, length };
  });
  const json = Buffer.from(JSON.stringify(header));
  const padded = Math.ceil(json.length / alignment) * alignment;
  const bytes = Buffer.alloc(8 + padded, ' ');
  bytes.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(bytes, 8);
  return {
    header: bytes,
    entries: ranges.map(({ name, begin, length }) => ({ name, offset: bytes.length + begin, length })),
    size: bytes.length + dataLength,
  };
}
