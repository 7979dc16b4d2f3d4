import { readCheckpoint } from '../../src/checkpoint/read-checkpoint.ts';
import { CheckpointError } from '../../src/errors.ts';

// Prints by how many bytes the resident memory of this process rises at most while it reads the files of the command
// line, hostile ones among them.

const before = process.memoryUsage().rss;
for (const path of process.argv.slice(2)) {
  await readCheckpoint(path).catch(error => {
    if (!(error instanceof CheckpointError)) throw error;
  });
}
const peak = process.resourceUsage().maxRSS * 1024;
process.stdout.write(`${peak - before}\n`);
