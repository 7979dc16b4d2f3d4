import { readFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { OptionError } from '../../../src/errors.ts';
import type { Scheme } from '../../../src/evaluation/schemes.ts';
import type { Score } from '../../../src/evaluation/scores.ts';
import { fixture } from '../../support/shared.ts';

/** Where the reference raises. */
export interface GoldenError {
  error: { type: string; message: string };
}

export type GoldenNumber = number | 'NaN';
export type GoldenRow = Record<'precision' | 'recall' | 'f1-score' | 'support', GoldenNumber>;

/** Averages and, in the order of code points, the values of the types. */
export interface GoldenAverages {
  micro: GoldenNumber | GoldenError;
  macro: GoldenNumber | GoldenError;
  weighted: GoldenNumber | GoldenError;
  per_type: GoldenNumber[] | GoldenError;
}

export interface GoldenReports {
  report: string | GoldenError;
  report_dict: Record<string, GoldenRow> | GoldenError;
}

export interface GoldenEntityScores extends GoldenReports {
  precision: GoldenAverages;
  recall: GoldenAverages;
  f1: GoldenAverages;
}

type GoldenSpan = [type: string, start: number, end: number];

export interface GoldenCase {
  name: string;
  y_true: string[][];
  y_pred: string[][];
  options: { digits?: number; suffix?: boolean; zero_division?: 0 | 1; scheme?: Scheme | null };
  default: GoldenEntityScores;
  strict: GoldenEntityScores & {
    scheme: Scheme | null;
    entities_true: GoldenSpan[][] | GoldenError;
    entities_pred: GoldenSpan[][] | GoldenError;
  };
  entities_true: GoldenSpan[];
  entities_pred: GoldenSpan[];
  sklearn: {
    report: string | GoldenError;
    report_dict: (Record<string, GoldenRow> & { accuracy: number }) | GoldenError;
  };
}

export const goldenCases: GoldenCase[] = JSON.parse(
  readFileSync(fixture('goldens', 'seqeval.json'), 'utf8'),
).cases;

/** The options of both modes in our names; reports have four digits unless the case says otherwise. */
export function optionsOf({ options }: GoldenCase) {
  const { digits = 4, suffix, zero_division } = options;
  return { digits, suffix, zeroDivision: zero_division };
}

export function isError(golden: unknown): golden is GoldenError {
  return typeof golden === 'object' && golden !== null && 'error' in golden;
}

/** Asserts equality, or an OptionError where the reference raises. */
export function agrees<Golden>(
  t: ExecutionContext,
  compute: () => unknown,
  golden: Golden | GoldenError,
  message?: string,
): void {
  if (isError(golden)) t.throws(compute, { instanceOf: OptionError }, message);
  else t.deepEqual(compute(), golden as unknown, message);
}

/** Asserts numbers equal to 1e-12, row by row. */
export function rowsAgree(
  t: ExecutionContext,
  actual: Readonly<Record<string, Score>>,
  golden: Readonly<Record<string, GoldenRow>>,
): void {
  t.deepEqual(Object.keys(actual).sort(), Object.keys(golden).sort());
  for (const [name, row] of Object.entries(golden)) {
    const score = actual[name];
    t.true(isClose(score?.precision, row.precision), `${name}: precision ${score?.precision}`);
    t.true(isClose(score?.recall, row.recall), `${name}: recall ${score?.recall}`);
    t.true(isClose(score?.f1, row['f1-score']), `${name}: f1 ${score?.f1}`);
    t.is(score?.support, row.support as number, `${name}: support`);
  }
}

export function isClose(actual: number | undefined, golden: GoldenNumber): boolean {
  if (golden === 'NaN') return Number.isNaN(actual);
  return actual !== undefined && Math.abs(actual - golden) <= 1e-12;
}
