import type { Command } from 'commander';
import { callerOf } from './command-line.ts';
import { examine } from './doctor/examine.ts';
import { canCompute, jsonReport, textReport } from './doctor/report.ts';

const exitCodes = `
Exit code: 0 if nerbert can compute here, with warnings or without; 1 if there is a problem.`;

/** Adds `nerbert doctor`: tells what this installation and machine are, and what to do where something is wrong. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description(
      'Examine this installation and machine: libtorch, addon, GPU, threads, matrix path, caches, hub. Says of each ' +
        'whether it is ok, and what to do if not. Nothing is changed.',
    )
    .option('--measure', 'measure anew which library multiplies matrices fastest, and keep it')
    .option('--json', 'print one JSON object on standard output')
    .addHelpText('after', exitCodes)
    .action(async ({ measure = false, json = false }: { measure?: boolean; json?: boolean }) => {
      const [node = 'node', script = ''] = process.argv;
      const again = `${callerOf(node, script, process.env, 'doctor')} --measure`;
      const facts = await examine(measure, again);
      process.stdout.write(json ? jsonReport(facts) : textReport(facts));
      if (!canCompute(facts)) process.exitCode = 1;
    });
}
