/** A copy of a safetensors file in which one float32 tensor has these values. */
export function withTensor(file: Buffer, name: string, values: Float32Array): Buffer {
  const copy = Buffer.from(file);
  const headerEnd = 8 + Number(copy.readBigUInt64LE(0));
  const entry = JSON.parse(copy.toString('utf8', 8, headerEnd))[name];
  const [begin, end]: [number, number] = entry.data_offsets;
  if (entry.dtype !== 'F32' || end - begin !== values.byteLength) {
    throw new Error(`Expected a float32 tensor ${name} of ${values.length} elements`);
  }
  copy.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), headerEnd + begin);
  return copy;
}
