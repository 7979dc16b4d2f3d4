import { basename } from 'node:path';
import { flagOf } from './command-options.ts';
import { shellWord, shownPath } from './paths.ts';
import { type TrainOptions, trainDefaults, trainOptionSpecs } from './train-options.ts';

/** How a user calls `train`. */
export function trainCaller(): string {
  return process.env.npm_lifecycle_event === 'train' ? 'npm run train --' : 'npx nerbert train';
}

/** The command that gives these options and no others. */
export function trainCommand(given: Partial<TrainOptions>): string {
  const words = trainOptionSpecs.flatMap(({ name, value }) => {
    const option = given[name];
    if (option === undefined) return [];
    if (value !== undefined) return [flagOf(name), shellWord(String(option))];
    if (option) return trainDefaults[name] === true ? [] : [flagOf(name)];
    return trainDefaults[name] === true ? [flagOf(name).replace('--', '--no-')] : [];
  });
  return [trainCaller(), ...words].join(' ');
}

/** How a command of this program was called, as the user would call it again. */
export function callerOf(
  node: string,
  script: string,
  env: Readonly<Record<string, string | undefined>>,
  command: string,
): string {
  if (env.npm_lifecycle_event === command) return `npm run ${command} --`;
  if (env.npm_command === 'exec') return `npx nerbert ${command}`;
  if (basename(script) === 'nerbert') return `nerbert ${command}`;
  return `${shellWord(basename(node))} ${shellWord(shownPath(script))} ${command}`;
}
