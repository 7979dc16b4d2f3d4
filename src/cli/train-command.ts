import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { OptionError } from '../errors.ts';
import { canResume, resumeFolder, savedSteps } from '../training/resume/state-folders.ts';
import { addFlags, givenOptions } from './command-options.ts';
import { interruptible } from './interruption.ts';
import { resolveOptions } from './resolve-options.ts';
import { resumeAdvice } from './resume-command.ts';
import { train } from './train.ts';
import { describeEnd } from './train-messages.ts';
import { trainDefaults, trainOptionSpecs } from './train-options.ts';
import { trainSet } from './train-set.ts';

const examples = `
Examples:
  nerbert train
      the built-in demo
  nerbert train --train-file train.iob2 --eval-file dev.iob2 --model path/to/checkpoint
      your own data
  nerbert train --train-file jnlpba --model path/to/checkpoint
      a public corpus, fetched once; ncbi-disease is another
  nerbert train --config run.json --epochs 3
      options from a file, one of them changed
  nerbert train --train-file train.iob2 --eval-file dev.iob2 --output-dir runs/a --resume
      go on with an interrupted run, which printed this command
  nerbert train --config run.json --seeds 1,2,3 --grid grid.json --output-dir runs/grid
      every combination of a grid of options, each with three seeds`;

/** Adds `nerbert train`: options in, one training run. */
export function addTrainCommand(program: Command): void {
  const command = program
    .command('train')
    .description(
      'Fine-tune a BERT checkpoint on IOB2 files. Without files it takes the corpus in ./data/JNLPBA, and without ' +
        'that the built-in demo, which has a recipe of its own.',
    )
    .addHelpText('after', examples);
  addFlags(command, trainOptionSpecs, trainDefaults);
  command.action(async (flags: Record<string, unknown>) => {
    const given = await givenOptions(flags, trainOptionSpecs);
    const outputDir = given.outputDir ?? join('runs', timestamp());
    if (given.seeds || given.grid !== undefined) {
      if (!given.overwrite) await refuseFormerRun(outputDir);
      await interruptible(signal => trainSet(given, outputDir, signal));
      return;
    }
    const { source, options } = resolveOptions(given);
    if (options.resume) await requireRun(outputDir);
    else if (!options.overwrite) await refuseFormerRun(outputDir);
    const run = { ...options, outputDir };
    try {
      const outcome = await interruptible(signal => train(source, run, signal));
      if (outcome)
        (run.json ? process.stderr : process.stdout).write(`${describeEnd(outcome.source, run)}\n`);
    } catch (error) {
      const advice = await resumeAdvice(error, outputDir);
      if (advice) process.stderr.write(`\n${advice}\n\n`);
      throw error;
    }
  });
}

/** The local time as a name that sorts, such as 2026-01-31T12-00-00. */
export function timestamp(): string {
  // Swedish writes date and time as ISO 8601 does.
  return new Date().toLocaleString('sv-SE').replace(' ', 'T').replaceAll(':', '-');
}

async function requireRun(folder: string): Promise<void> {
  if (await canResume(folder)) return;
  throw new OptionError(
    '--output-dir',
    'the folder of a run that saved resume states',
    folder,
    'Check the path, or leave --resume out to begin a run',
  );
}

async function refuseFormerRun(folder: string): Promise<void> {
  const [step] = await savedSteps(resumeFolder(folder));
  if (step !== undefined) {
    throw new OptionError(
      '--output-dir',
      'a folder without an unfinished run',
      folder,
      `Give --resume to go on with it after step ${step}, choose another folder, or give --overwrite to begin anew`,
    );
  }
  const found = ['config.json', 'model.safetensors'].find(name => existsSync(join(folder, name)));
  if (found === undefined) return;
  throw new OptionError(
    '--output-dir',
    `a folder without a checkpoint (${found})`,
    folder,
    'Choose another one, or give --overwrite to replace what it holds',
  );
}
