#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { version } from '../version.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { exitCodeOf, explain } from './failure.ts';
import { addLrFindCommand } from './lr-find-command.ts';
import { endWithReader } from './output.ts';
import { addPushCommand } from './push-command.ts';
import { addTrainCommand } from './train-command.ts';

endWithReader();

const program = new Command('nerbert')
  .description('Fine-tune BERT models for named entity recognition')
  .version(version)
  .showHelpAfterError('Run with --help to see what is possible.')
  .exitOverride();
addTrainCommand(program);
addLrFindCommand(program);
addPushCommand(program);
addDoctorCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    process.stderr.write(`${explain(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}
