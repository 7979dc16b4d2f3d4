import { readFileSync } from 'node:fs';
import type { Entity } from '../../src/inference/entities.ts';
import { fixture } from './shared.ts';

interface GoldenResult {
  options: { aggregation_strategy: string; ignore_labels?: string[] };
  entities: Entity[];
}

interface GoldenCase {
  text: string;
  results: GoldenResult[];
}

const goldens: Record<'cases' | 'long_cases' | 'uncased_cases', GoldenCase[]> = JSON.parse(
  readFileSync(fixture('goldens', 'pipeline.json'), 'utf8'),
);

/** What transformers' pipeline finds in a text with the aggregation `none`. */
export interface PieceGolden {
  text: string;
  /** Undefined: the default. */
  ignoreLabels: string[] | undefined;
  /** With offsets in UTF-16 units. */
  entities: Entity[];
}

export function pieceGoldens(kind: keyof typeof goldens): PieceGolden[] {
  return goldens[kind].flatMap(({ text, results }) =>
    results
      .filter(({ options }) => options.aggregation_strategy === 'none')
      .map(({ options, entities }) => ({
        text,
        ignoreLabels: options.ignore_labels,
        entities: entities.map(entity => ({
          ...entity,
          start: unitsOf(text, entity.start),
          end: unitsOf(text, entity.end),
        })),
      })),
  );
}

/** The UTF-16 units of a text's first code points. */
function unitsOf(text: string, codePoints: number): number {
  return [...text].slice(0, codePoints).join('').length;
}
