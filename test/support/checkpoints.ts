import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fixture } from './shared.ts';

/** A folder or file of the golden checkpoints. */
export const checkpoint = (...parts: string[]): string => fixture('goldens', 'checkpoints', ...parts);

/** Sizes of the golden models. */
export const goldenGeometry = {
  vocabSize: 400,
  hiddenSize: 32,
  numHiddenLayers: 2,
  intermediateSize: 64,
  maxPositionEmbeddings: 64,
  typeVocabSize: 2,
};

export interface GoldenEntry {
  name: string;
  /** The parameter of the token-classification model; null: there is none. */
  canonical: string | null;
  dtype: string;
  shape: number[];
  /** Of the little-endian bytes in row-major order. */
  sha256: string;
}

interface GoldenVariant {
  tensors: GoldenEntry[];
  missing: string[];
  unused: string[];
}

interface GoldenIndex {
  canonical_names: string[];
  labels: string[];
  variants: Record<string, GoldenVariant>;
}

/** What the golden checkpoints hold, as Python found it. */
export const goldenIndex: GoldenIndex = JSON.parse(readFileSync(checkpoint('index.json'), 'utf8'));

export interface HostileFile {
  file: string;
  must: 'accept' | 'refuse' | 'refuse-or-ignore';
  problem: string;
  /** Qualified Python names in the pickle. */
  globals: string[];
}

/** The hostile files and what is wrong with each. */
export const hostileFiles: HostileFile[] = JSON.parse(
  readFileSync(checkpoint('hostile', 'index.json'), 'utf8'),
).files;

/** SHA-256 of a byte range of a file. */
export function sha256OfRange(file: string, offset: number, length: number): string {
  return createHash('sha256')
    .update(readFileSync(file).subarray(offset, offset + length))
    .digest('hex');
}
