/* A run that saves each step, or goes on with one, in the folder that it is given: a line for each event. */
import { canResume } from '../../../src/training/resume/state-folders.ts';
import { run } from '../../support/resuming.ts';

const [folder = ''] = process.argv.slice(2);
const resume = await canResume(folder);
const options = { nEpochs: 5, saveEvery: 1, metric: 'loss' } as const;
const tell = (event: { type: string }) => {
  process.stdout.write(`${JSON.stringify(event)}\n`);
  return false;
};
const { error } = await run(folder, { trainer: options }, { stop: tell }, { resume });
if (error) throw error;
