import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { OptionError } from '../errors.ts';
import { chooseDataSource, demoDefaults } from './data-source.ts';
import { interruptible } from './interruption.ts';
import { train } from './train.ts';
import { flagOf, resolveTrainOptions, trainDefaults, trainOptionSpecs } from './train-options.ts';

/** `nerbert train`: options in, one training run. */
export function trainCommand(): Command {
  const command = new Command('train')
    .description(
      'Fine-tune a BERT checkpoint on IOB2 files. Without files it takes the corpus in ./data/JNLPBA, and without ' +
        'that the built-in demo.',
    )
    .option('--config <FILE>', 'JSON file with these options, their names in camelCase; flags win');
  for (const { name, value, description } of trainOptionSpecs) {
    const fallback = trainDefaults[name];
    const shown = value !== undefined && fallback !== undefined ? ` (default: ${fallback})` : '';
    command.option(`${flagOf(name)}${value === undefined ? '' : ` <${value}>`}`, `${description}${shown}`);
  }
  return command.action(async (flags: Record<string, unknown>) => {
    const source = chooseDataSource(await resolveTrainOptions(flags));
    const options = await resolveTrainOptions(flags, source.kind === 'demo' ? demoDefaults : trainDefaults);
    const outputDir =
      options.outputDir ?? join('runs', new Date().toISOString().slice(0, 19).replaceAll(':', '-'));
    if (!options.overwrite && existsSync(join(outputDir, 'model.safetensors'))) {
      throw new OptionError(
        '--output-dir',
        'a folder without a model',
        outputDir,
        'Choose another one, or give --overwrite to replace the model in it',
      );
    }
    await interruptible(signal => train(source, { ...options, outputDir }, signal));
  });
}
