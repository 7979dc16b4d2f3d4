import { IGNORE_INDEX, type PackedBatch, type PaddedBatch, type TupleBatch } from '../batch.ts';
import { OptionError } from '../errors.ts';
import type { Geometry } from './addon.ts';

/** Any form of batch that a user may give. */
export type AnyBatch = PackedBatch | PaddedBatch | TupleBatch;

/** A checked batch without padding, and the way back to the form it came in. */
export interface CheckedBatch {
  packed: PackedBatch;
  /** Rows and length of a padded batch; undefined for a packed one. */
  paddedShape: readonly [rows: number, length: number] | undefined;
}

/**
 * Checks a batch against a model and takes the padding out.
 *
 * @param name how messages call the batch
 * @throws OptionError that names the field, the row and the piece
 */
export function checkBatch(batch: AnyBatch, geometry: Geometry, name: string): CheckedBatch {
  if (typeof batch !== 'object' || batch === null) {
    throw new OptionError(name, 'a packed or a padded batch', batch);
  }
  const plain = Array.isArray(batch) ? fromTuple(batch, name) : batch;
  const paddedShape = 'boundaries' in plain ? undefined : plain.shape;
  const packed = 'boundaries' in plain ? plain : withoutPadding(plain, name);
  checkFields(packed, name);
  checkBoundaries(packed, geometry, name);
  checkIds('inputIds', packed.inputIds, geometry.vocabSize, undefined, packed, name);
  checkIds('tokenTypeIds', packed.tokenTypeIds, geometry.typeVocabSize, undefined, packed, name);
  checkIds('labels', packed.labels, geometry.numLabels, IGNORE_INDEX, packed, name);
  return { packed, paddedShape };
}

/** Spreads `(pieces, width)` values over the rows of a padded batch, `(rows * length, width)`, 0 at padding. */
export function toPadded(
  values: Float32Array,
  width: number,
  { boundaries }: PackedBatch,
  [rows, length]: readonly [number, number],
): Float32Array {
  const padded = new Float32Array(rows * length * width);
  for (let row = 0; row < rows; row++) {
    const [start, end] = rowOf(boundaries, row);
    padded.set(values.subarray(start * width, end * width), row * length * width);
  }
  return padded;
}

function fromTuple(batch: TupleBatch, name: string): PaddedBatch {
  const [inputs, labels] = batch;
  if (!Array.isArray(inputs) || inputs.length !== 3) {
    throw new OptionError(name, 'an array [[inputIds, attentionMask, tokenTypeIds], labels]', batch);
  }
  const [inputIds, attentionMask, tokenTypeIds] = inputs;
  return { inputIds, attentionMask, tokenTypeIds, labels, shape: batch.shape ?? inputs.shape };
}

function withoutPadding(batch: PaddedBatch, name: string): PackedBatch {
  const [rows, length] = checkShape(batch, name);
  const { inputIds, attentionMask, tokenTypeIds, labels } = batch;
  for (const [field, values] of Object.entries({ inputIds, attentionMask, tokenTypeIds, labels })) {
    if (values !== undefined) checkArray(`${name}.${field}`, values, rows * length, `${rows} x ${length}`);
  }
  const lengths = Array.from({ length: rows }, (_, row) =>
    attentionMask
      ? attendedLength(attentionMask.subarray(row * length, (row + 1) * length), row, name)
      : length,
  );
  const boundaries = new Int32Array(rows + 1);
  for (let row = 0; row < rows; row++) boundaries[row + 1] = (boundaries[row] ?? 0) + (lengths[row] ?? 0);
  const pack = (padded: Int32Array): Int32Array => {
    const packed = new Int32Array(boundaries[rows] ?? 0);
    for (let row = 0; row < rows; row++) {
      const [start, end] = rowOf(boundaries, row);
      packed.set(padded.subarray(row * length, row * length + end - start), start);
    }
    return packed;
  };
  return {
    inputIds: pack(inputIds),
    ...(tokenTypeIds && { tokenTypeIds: pack(tokenTypeIds) }),
    ...(labels && { labels: pack(labels) }),
    boundaries,
  };
}

function checkShape({ shape }: PaddedBatch, name: string): readonly [number, number] {
  const valid =
    Array.isArray(shape) && shape.length === 2 && shape.every(n => Number.isSafeInteger(n) && n > 0);
  if (!valid) {
    throw new OptionError(`${name}.shape`, '[rows, length] (or boundaries, for a packed batch)', shape);
  }
  return shape;
}

/** The pieces of a row: the ones of its mask, which must come first. */
function attendedLength(mask: Int32Array, row: number, name: string): number {
  const firstZero = mask.indexOf(0);
  const length = firstZero < 0 ? mask.length : firstZero;
  if (mask.some((value, i) => value !== (i < length ? 1 : 0))) {
    throw new OptionError(
      `${name}.attentionMask`,
      `ones, then zeros in row ${row}`,
      Array.from(mask).join(' '),
    );
  }
  return length;
}

function checkFields(batch: PackedBatch, name: string): void {
  checkArray(`${name}.boundaries`, batch.boundaries);
  checkArray(`${name}.inputIds`, batch.inputIds);
  const pieces = batch.inputIds.length;
  for (const field of ['tokenTypeIds', 'labels'] as const) {
    const values = batch[field];
    if (values !== undefined)
      checkArray(`${name}.${field}`, values, pieces, `one for each of ${pieces} input ids`);
  }
}

function checkArray(option: string, values: unknown, length?: number, reason?: string): void {
  if (!(values instanceof Int32Array)) throw new OptionError(option, 'an Int32Array', values);
  if (length !== undefined && values.length !== length) {
    throw new OptionError(option, `${length} entries (${reason})`, `${values.length} entries`);
  }
}

function checkBoundaries({ boundaries, inputIds }: PackedBatch, geometry: Geometry, name: string): void {
  if (boundaries.length < 2) {
    throw new OptionError(name, 'a batch of at least one sequence', 'an empty batch');
  }
  if (boundaries[0] !== 0 || boundaries.at(-1) !== inputIds.length) {
    throw new OptionError(
      `${name}.boundaries`,
      `offsets from 0 to ${inputIds.length}, the number of input ids,`,
      `offsets from ${boundaries[0]} to ${boundaries.at(-1)}`,
    );
  }
  const { maxPositionEmbeddings: positions } = geometry;
  for (let row = 0; row + 1 < boundaries.length; row++) {
    const [start, end] = rowOf(boundaries, row);
    if (end - start < 1) throw new OptionError(name, `a piece in every row`, `none in row ${row}`);
    if (end - start > positions) {
      throw new OptionError(
        name,
        `at most ${positions} pieces a row, the model's positions,`,
        `${end - start} in row ${row}`,
        'Cut it, or let the data loader make windows',
      );
    }
  }
}

function checkIds(
  field: string,
  ids: Int32Array | undefined,
  end: number,
  alsoAllowed: number | undefined,
  { boundaries }: PackedBatch,
  name: string,
): void {
  const place = ids?.findIndex(id => (id < 0 || id >= end) && id !== alsoAllowed) ?? -1;
  if (!ids || place < 0) return;
  const row = boundaries.findIndex(boundary => boundary > place) - 1;
  throw new OptionError(
    `${name}.${field}`,
    `ids from 0 to ${end - 1}${alsoAllowed === undefined ? '' : ` or ${alsoAllowed}`}`,
    `${ids[place]} at piece ${place - rowOf(boundaries, row)[0]} of row ${row}`,
  );
}

function rowOf(boundaries: Int32Array, row: number): [start: number, end: number] {
  return [boundaries[row] ?? 0, boundaries[row + 1] ?? 0];
}
