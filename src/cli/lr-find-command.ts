import { join } from 'node:path';
import type { Command } from 'commander';
import { addFlags, givenOptions } from './command-options.ts';
import { chooseDataSource, demoDefaults } from './data-source.ts';
import { interruptible } from './interruption.ts';
import { findLearningRate } from './lr-find.ts';
import {
  checkSweep,
  type LrFindOptions,
  lrFindFlags,
  lrFindSpecs,
  sweepDefaults,
} from './lr-find-options.ts';
import { checkRecipe } from './recipe-options.ts';
import { timestamp } from './train-command.ts';
import { trainDefaults } from './train-options.ts';

const examples = `
Examples:
  nerbert lr-find
      the built-in demo
  nerbert lr-find --train-file train.iob2 --model path/to/checkpoint --weight-decays 0,0.01 --dropouts 0.1
      two configurations, three seeds each
  nerbert lr-find --config run.json --apply run.json
      as a configuration file for train says, and the rate into that file`;

/** Adds `nerbert lr-find`: options in, one sweep of range tests. */
export function addLrFindCommand(program: Command): void {
  const command = program
    .command('lr-find')
    .description(
      'Look for a learning rate by range tests: short trainings with a rising rate, for several weight decays, dropouts ' +
        'and seeds. Takes the same data as train. Nothing is trained that stays.',
    )
    .addHelpText('after', examples);
  addFlags(command, lrFindFlags, { ...trainDefaults, ...sweepDefaults });
  command.action(async (flags: Record<string, unknown>) => {
    const given = await givenOptions(flags, lrFindSpecs);
    checkRecipe(given);
    const source = chooseDataSource(given);
    const defaults = source.kind === 'demo' ? demoDefaults : trainDefaults;
    const options: LrFindOptions = { ...defaults, ...sweepDefaults, ...given };
    checkSweep(options, given);
    const outputDir = options.outputDir ?? join('runs', `lr-find-${timestamp()}`);
    await interruptible(signal => findLearningRate(source, { ...options, outputDir }, given, signal));
  });
}
