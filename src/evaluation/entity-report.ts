import { checkKnownOptions } from '../check.ts';
import { compareCodePoints } from '../data/labels.ts';
import { OptionError } from '../errors.ts';
import { countEntities } from './entity-counts.ts';
import {
  ENTITY_REPORT_OPTIONS,
  type EntityReportOptions,
  type EntityScores,
  entityScoresOf,
} from './entity-scores.ts';
import { formatReport, type ReportOptions } from './report-table.ts';

/**
 * The classification report of entities, character by character as seqeval prints it.
 *
 * `yTrue`, `yPred`: gold and predicted tags, a list a sentence. Throws an OptionError where `entityScores` does, and
 * where neither side has any entity.
 */
export function entityReport(
  yTrue: readonly (readonly string[])[],
  yPred: readonly (readonly string[])[],
  options: EntityReportOptions = {},
): string {
  checkKnownOptions('entityReport', options, ENTITY_REPORT_OPTIONS);
  const scores = entityScoresOf(countEntities(yTrue, yPred, options), options);
  if (Object.keys(scores.perType).length === 0) {
    throw new OptionError(
      'yTrue',
      'at least one entity in yTrue or yPred',
      'none',
      'There is nothing to report on',
    );
  }
  return formatEntityReport(scores, options);
}

/** The report of scores computed before. Without any entity it has the rows of the averages alone. */
export function formatEntityReport(scores: EntityScores, { digits }: ReportOptions = {}): string {
  const types = Object.entries(scores.perType).sort(([a], [b]) => compareCodePoints(a, b));
  return formatReport(
    types.map(([name, score]) => ({ name, ...score })),
    (['micro', 'macro', 'weighted'] as const).map(name => ({ name: `${name} avg`, ...scores[name] })),
    digits,
  );
}
