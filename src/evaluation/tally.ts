/** How often something was annotated, predicted, and both at once. */
export interface Tally {
  actual: number;
  predicted: number;
  correct: number;
}

/** The tally of `name`, begun at zero if there is none yet. */
export function tallyOf(tallies: Map<string, Tally>, name: string): Tally {
  let tally = tallies.get(name);
  if (!tally) {
    tally = { actual: 0, predicted: 0, correct: 0 };
    tallies.set(name, tally);
  }
  return tally;
}
