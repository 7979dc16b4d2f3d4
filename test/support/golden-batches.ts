import type { PackedBatch, PaddedBatch } from '../../src/batch.ts';
import { type GoldenTensor, int32 } from './safetensors.ts';

/** The padded batch whose tensors have this prefix. */
export function goldenBatch(
  tensors: Record<string, GoldenTensor>,
  prefix = '',
): Required<Omit<PaddedBatch, 'labelledWords'>> {
  const [rows, length] = tensors[`${prefix}input_ids`]?.shape ?? [];
  if (rows === undefined || length === undefined) throw new Error(`Expected a tensor ${prefix}input_ids`);
  return {
    inputIds: int32(tensors, `${prefix}input_ids`),
    attentionMask: int32(tensors, `${prefix}attention_mask`),
    tokenTypeIds: int32(tensors, `${prefix}token_type_ids`),
    labels: int32(tensors, `${prefix}labels`),
    shape: [rows, length],
  };
}

/** The values at attended positions, `width` for each position. */
export function attended<Values extends Float32Array | Int32Array>(
  values: Values,
  { attentionMask }: { attentionMask: Int32Array },
  width = 1,
): Values {
  return values.filter((_, i) => attentionMask[Math.floor(i / width)] === 1) as Values;
}

/** The same batch without padding. */
export function packedOf(batch: ReturnType<typeof goldenBatch>): PackedBatch {
  const [rows, length] = batch.shape;
  const boundaries = [0];
  for (let row = 0; row < rows; row++) {
    const mask = batch.attentionMask.subarray(row * length, (row + 1) * length);
    boundaries.push((boundaries.at(-1) ?? 0) + mask.reduce((sum, value) => sum + value, 0));
  }
  return {
    inputIds: attended(batch.inputIds, batch),
    tokenTypeIds: attended(batch.tokenTypeIds, batch),
    labels: attended(batch.labels, batch),
    boundaries: Int32Array.from(boundaries),
  };
}
