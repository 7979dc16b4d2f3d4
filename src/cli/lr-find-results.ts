import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { DataError, OptionError } from '../errors.ts';
import { writeFileAtomically } from '../files.ts';
import type { JsonObject } from '../json.ts';
import type { LRHistory } from '../training/lr-suggestion.ts';
import type { SweepConfiguration } from '../training/lr-sweep.ts';
import type { RangeTestEnd } from '../training/range-test.ts';
import { flagOf } from './command-options.ts';
import { readJsonObject } from './json-file.ts';
import { shownPath } from './paths.ts';

/** A finished range test. */
export interface SweepRun extends SweepConfiguration, LRHistory {
  seed: number;
  ended: RangeTestEnd;
}

/** What all runs of a sweep depend on beside seed and configuration, by the names of options. */
export type SweepSettings = JsonObject;

const FORMAT = 1;

/** lr_finder.json: the finished runs of a sweep, written anew after each. */
export class SweepResults {
  readonly file: string;
  readonly #settings: SweepSettings;
  readonly #runs: SweepRun[];

  private constructor(file: string, settings: SweepSettings, runs: SweepRun[]) {
    this.file = file;
    this.#settings = settings;
    this.#runs = runs;
  }

  /** @throws OptionError where the folder holds the results of another sweep already */
  static open(folder: string, settings: SweepSettings): SweepResults {
    const file = join(folder, 'lr_finder.json');
    if (existsSync(file)) {
      throw new OptionError(
        '--output-dir',
        'a folder without lr_finder.json',
        folder,
        'Choose another one, or give --resume to go on with the sweep in it',
      );
    }
    return new SweepResults(file, settings, []);
  }

  /**
   * Goes on with a sweep.
   *
   * @throws OptionError where its runs were made with other options
   * @throws DataError for a file that is not such a sweep
   */
  static async resume(folder: string, settings: SweepSettings): Promise<SweepResults> {
    const file = join(folder, 'lr_finder.json');
    const { format, settings: former, runs } = await readJsonObject(file, 'the results of lr-find');
    if (format !== FORMAT || typeof former !== 'object' || !Array.isArray(runs) || !runs.every(isRun)) {
      throw new DataError(
        'Expected the results of lr-find but found something else. Remove the file to begin anew',
        file,
      );
    }
    // As the file would give them back, so that a missing option and an undefined one are the same.
    checkSame(former as SweepSettings, JSON.parse(JSON.stringify(settings)), file);
    return new SweepResults(file, settings, runs);
  }

  get runs(): readonly SweepRun[] {
    return this.#runs;
  }

  has(seed: number, configuration: SweepConfiguration): boolean {
    return this.#runs.some(run => run.seed === seed && sameConfiguration(run, configuration));
  }

  async add(run: SweepRun): Promise<void> {
    this.#runs.push(run);
    await this.write();
  }

  /** @param summary what the runs say together */
  async write(summary: object = {}): Promise<void> {
    const content = { format: FORMAT, settings: this.#settings, ...summary, runs: this.#runs };
    await writeFileAtomically(this.file, `${JSON.stringify(content, null, 1)}\n`);
  }
}

export function sameConfiguration(a: SweepConfiguration, b: SweepConfiguration): boolean {
  return a.weightDecay === b.weightDecay && a.dropout === b.dropout;
}

function checkSame(former: SweepSettings, settings: SweepSettings, file: string): void {
  for (const name of new Set([...Object.keys(former), ...Object.keys(settings)])) {
    if (isDeepStrictEqual(former[name], settings[name])) continue;
    throw new OptionError(
      flagOf(name),
      `${JSON.stringify(former[name]) ?? 'nothing'}, as in the sweep in ${shownPath(file)},`,
      settings[name],
      'Only the grid (--weight-decays, --dropouts, --seeds) may change on the way',
    );
  }
}

function isRun(value: unknown): value is SweepRun {
  const run = value as Partial<SweepRun> | null;
  const numbers = (list: unknown) => Array.isArray(list) && list.every(Number.isFinite);
  return (
    [run?.seed, run?.weightDecay, run?.dropout].every(Number.isFinite) &&
    typeof run?.ended === 'string' &&
    numbers(run.lr) &&
    numbers(run.loss) &&
    run.lr?.length === run.loss?.length
  );
}
