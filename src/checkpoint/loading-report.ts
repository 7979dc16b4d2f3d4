import type { WeightMatch } from './match-weights.ts';
import { knownExtra } from './names.ts';

/**
 * What was loaded, newly initialised, ignored and unused, a line each, for a person to read.
 *
 * @param source the checkpoint as the user named it
 * @param initializerRange standard deviation of the newly initialised weights
 */
export function loadingReport(match: WeightMatch, source: string, initializerRange: number): string {
  const lines = [`${source}: loaded ${match.load.length} parameters`];
  if (match.missing.length > 0) {
    lines.push(
      `  newly initialised, for the checkpoint lacks them: ${match.missing.join(', ')} (${distribution(initializerRange)})`,
    );
  }
  if (match.misshaped.length > 0) {
    const shapes = match.misshaped.map(
      ({ name, expected, found }) => `${name} (stored [${found}], now [${expected}])`,
    );
    lines.push(
      `  newly initialised, for the labels are others: ${shapes.join(', ')} (${distribution(initializerRange)})`,
    );
  }
  for (const [extra, names] of groupKnown(match.unused)) {
    lines.push(`  ignored, not needed for token classification: ${extra} (${names.length})`);
  }
  const unknown = match.unused.filter(name => knownExtra(name) === undefined);
  if (unknown.length > 0) lines.push(`  unused: ${unknown.join(', ')}`);
  return lines.join('\n');
}

function distribution(initializerRange: number): string {
  return `weights normal with standard deviation ${initializerRange}, biases 0`;
}

function groupKnown(unused: readonly string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const name of unused) {
    const extra = knownExtra(name);
    if (extra !== undefined) groups.set(extra, [...(groups.get(extra) ?? []), name]);
  }
  return groups;
}
