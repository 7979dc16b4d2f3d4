/* Prints by how many bytes the resident memory rises at most while a checkpoint is loaded, libtorch being loaded before. */
import { readFileSync } from 'node:fs';
import { BertForTokenClassification } from '../../../src/model/bert-for-token-classification.ts';
import { tinyModel } from '../../support/train-golden.ts';

/** In bytes: `VmRSS` now, `VmHWM` at most so far. */
function memory(name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync('/proc/self/status', 'utf8');
  return 1024 * Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status)?.[1]);
}

await using small = await BertForTokenClassification.fromPretrained(tinyModel, { device: 'cpu' });
await small.forward({ inputIds: Int32Array.of(8, 9), shape: [1, 2] });
const before = memory('VmRSS');
await using model = await BertForTokenClassification.fromPretrained(process.argv[2] ?? '', { device: 'cpu' });
process.stdout.write(JSON.stringify({ rise: memory('VmHWM') - before, labels: model.config.label2id }));
