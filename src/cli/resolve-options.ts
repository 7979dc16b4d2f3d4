import { chooseDataSource, type DataSource, demoDefaults } from './data-source.ts';
import { checkLoop } from './loop-options.ts';
import { checkRecipe } from './recipe-options.ts';
import { type TrainOptions, trainDefaults } from './train-options.ts';

/** What a run takes its data from, and all its options, from those that were given. @throws OptionError */
export function resolveOptions(given: Partial<TrainOptions>): { source: DataSource; options: TrainOptions } {
  checkRecipe(given);
  checkLoop(given);
  const source = chooseDataSource(given);
  return { source, options: { ...(source.kind === 'demo' ? demoDefaults : trainDefaults), ...given } };
}
