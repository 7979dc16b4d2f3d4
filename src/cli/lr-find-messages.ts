import { agrees, type LRAdvice, type Spread, TRUSTED_FACTOR } from '../training/lr-advice.ts';
import type { SweepConfiguration } from '../training/lr-sweep.ts';
import type { SweepRun } from './lr-find-results.ts';
import { shellWord } from './paths.ts';

/* What `nerbert lr-find` says of its results: never a rate without its spread. */

/** A configuration's runs, and what they suggest. */
export interface ConfigurationSummary extends SweepConfiguration {
  advice: LRAdvice;
  runs: readonly SweepRun[];
}

/** A rate as it is shown and used: with two digits, more would pretend. */
export function roundedRate(rate: number): number {
  return Number(rate.toPrecision(2));
}

/** Such as 3.1e-4. */
export function rateText(rate: number): string {
  return roundedRate(rate).toExponential();
}

export function spreadText(spread: Spread | undefined): string {
  if (!spread) return 'none: the loss never falls';
  const { median, low, high, runs } = spread;
  return runs === 1
    ? `${rateText(median)} (one run: spread unknown)`
    : `${rateText(median)} (${rateText(low)} to ${rateText(high)} in ${runs} runs)`;
}

/** The suggested rate between the lowest and the highest of both methods. */
export function suggestedText({ median, low, high, runs }: Spread): string {
  const both = `both methods, ${runs === 1 ? 'one run' : `${runs} runs`}`;
  return `${rateText(median)} (${rateText(low)} to ${rateText(high)}: ${both})`;
}

/** Column by column: configuration, both suggestions, lowest loss, how many runs diverged. */
export function summaryTable(summaries: readonly ConfigurationSummary[]): string {
  const rows = [
    ['weight decay', 'dropout', 'steepest', 'valley', 'lowest loss', 'diverged'],
    ...summaries.map(({ weightDecay, dropout, advice, runs }) => [
      String(weightDecay),
      String(dropout),
      spreadText(advice.steepest),
      spreadText(advice.valley),
      lowestLosses(runs),
      `${runs.filter(({ ended }) => ended !== 'done').length} of ${runs.length}`,
    ]),
  ];
  const width = (column: number) => Math.max(...rows.map(row => row[column]?.length ?? 0));
  return rows
    .map(row =>
      row
        .map((cell, i) => cell.padEnd(width(i)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function lowestLosses(runs: readonly SweepRun[]): string {
  const lowest = runs.map(({ loss }) => Math.min(...loss)).filter(Number.isFinite);
  if (lowest.length === 0) return 'none';
  const [low, high] = [Math.min(...lowest).toFixed(3), Math.max(...lowest).toFixed(3)];
  return low === high ? low : `${low} to ${high}`;
}

/** What to make of the rates, in sentences. */
export function adviceText({ steepest, valley, suggested }: LRAdvice, seeds: number): string {
  if (!suggested) {
    return `No rate can be suggested: in no run did the loss fall over enough iterations. Try a lower
--start-lr and --end-lr, or more iterations (--num-iter).`;
  }
  const lines = [
    `Over all runs the loss falls fastest at ${spreadText(steepest)};`,
    `the valley, a third into the longest descent, lies at ${spreadText(valley)}.`,
    `Suggested is the valley: ${suggestedText(suggested)}.`,
    'Take it as an order of magnitude. A short test bears more than a long training does: if that is',
    'unstable, try a third of it. For BERT-base 2e-5 to 5e-5 are usual.',
  ];
  if (seeds === 1) lines.push('One seed cannot tell how far that can be trusted: try several --seeds.');
  if (suggested.runs > 1 && !agrees(suggested)) {
    const factor = Math.round(suggested.high / suggested.low);
    lines.push(
      `The suggestions differ by a factor of ${factor}, more than ${TRUSTED_FACTOR}: do not trust this rate. Larger batches`,
      '(--batch-size, --accumulate-grad-every) and more iterations (--num-iter) make curves smoother.',
    );
  }
  lines.push(
    'A range test does not tell which weight decay or dropout generalises better: compare them by training.',
  );
  return lines.join('\n');
}

/** The command to train with, as one line for a shell. */
export function trainCommand(flags: readonly string[], scriptName = process.env.npm_lifecycle_event): string {
  const command = scriptName === 'lr-find' ? 'npm run train --' : 'npx nerbert train';
  return [command, ...flags.map(shellWord)].join(' ');
}
