import { checkInteger } from '../check.ts';
import { formatFixed } from './format-fixed.ts';

export interface ReportOptions {
  /** Decimals of the scores, 0 to 100. @default 2 */
  digits?: number | undefined;
}

/** A row of a report; a score left out stays blank. */
export interface ReportRow {
  name: string;
  precision?: number;
  recall?: number;
  f1: number;
  support: number | string;
}

/** Width that every report has at least: that of its longest fixed name. */
const NAME_WIDTH = 'weighted avg'.length;

/** The table that scikit-learn and seqeval print: a row for each class, a blank line, a row for each average. */
export function formatReport(
  classes: readonly ReportRow[],
  averages: readonly ReportRow[],
  digits = 2,
): string {
  checkInteger('digits', digits, 0, 100);
  const nameWidth = Math.max(NAME_WIDTH, digits, ...classes.map(row => characterCount(row.name)));
  const line = (name: string, ...cells: string[]) =>
    `${padStart(name, nameWidth)} ${cells.map(cell => ` ${padStart(cell, 9)}`).join('')}\n`;
  const score = (value?: number) => (value === undefined ? '' : formatFixed(value, digits));
  const row = ({ name, precision, recall, f1, support }: ReportRow) =>
    line(name, score(precision), score(recall), score(f1), String(support));
  const header = line('', 'precision', 'recall', 'f1-score', 'support');
  return `${header}\n${classes.map(row).join('')}\n${averages.map(row).join('')}`;
}

/** Pads to a width in code points, as Python does. */
function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - characterCount(text))) + text;
}

function characterCount(text: string): number {
  return Array.from(text).length;
}
