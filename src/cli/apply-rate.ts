import { existsSync } from 'node:fs';
import { writeFileAtomically } from '../files.ts';
import { readJsonObject } from './json-file.ts';

/** A configuration file that a learning rate is to be written into: looked at before the work that finds the rate. */
export interface RateFile {
  write(learningRate: number): Promise<void>;
}

/**
 * @param file made where it is missing
 * @throws DataError for a file that holds no configuration
 */
export async function openRateFile(file: string): Promise<RateFile> {
  const read = async () => (existsSync(file) ? readJsonObject(file, 'options for --apply') : {});
  await read();
  return {
    async write(learningRate) {
      const config = { ...(await read()), learningRate };
      await writeFileAtomically(file, `${JSON.stringify(config, null, 2)}\n`);
    },
  };
}
