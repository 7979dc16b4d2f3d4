import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { readGrid } from '../../../src/cli/grid.ts';
import type { TrainOptions } from '../../../src/cli/train-options.ts';
import { DataError, OptionError } from '../../../src/errors.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function grid(t: ExecutionContext, content: string, given: Partial<TrainOptions> = {}) {
  const file = join(await temporaryFolder(t), 'grid.json');
  await writeFile(file, content);
  return readGrid(file, given);
}

test('a grid is the product of its lists, the first changing slowest', async t => {
  const content = '{"learningRate": [1e-3, 3e-5], "optimizer": ["adam"], "epochs": [2, 4]}';
  t.deepEqual(await grid(t, content), [
    {
      name: 'learning-rate=0.001,optimizer=adam,epochs=2',
      options: { learningRate: 1e-3, optimizer: 'adam', epochs: 2 },
    },
    {
      name: 'learning-rate=0.001,optimizer=adam,epochs=4',
      options: { learningRate: 1e-3, optimizer: 'adam', epochs: 4 },
    },
    {
      name: 'learning-rate=0.00003,optimizer=adam,epochs=2',
      options: { learningRate: 3e-5, optimizer: 'adam', epochs: 2 },
    },
    {
      name: 'learning-rate=0.00003,optimizer=adam,epochs=4',
      options: { learningRate: 3e-5, optimizer: 'adam', epochs: 4 },
    },
  ]);
});

test('names of folders are safe, of bounded length and different', async t => {
  const paths = ['a/b', 'a-b', '..', 'x'.repeat(300), `${'x'.repeat(300)}y`];
  const names = (await grid(t, JSON.stringify({ model: paths }))).map(({ name }) => name);
  t.is(new Set(names).size, paths.length);
  for (const name of names) t.regex(name, /^model=[\w.,=+-]{1,114}$/);
});

for (const [content, message] of [
  [
    '{"learningRat": [1]}',
    /options of a run but found "learningRat", which is none\. There are: .*learningRate/,
  ],
  ['{"outputDir": ["a"]}', /found "outputDir", which is one for all runs/],
  ['{"epochs": []}', /a list of at least one value for epochs but found \[\]/],
  ['{"epochs": 3}', /a list of at least one value for epochs but found 3/],
  ['{"epochs": [1, 2, 1]}', /different values for epochs but found 1 twice/],
  ['{}', /at least one option with its values but found none/],
  ['[]', /a JSON object of option: list of values for --grid/],
  [
    JSON.stringify({
      epochs: Array.from({ length: 40 }, (_, i) => i + 1),
      seed: Array.from({ length: 40 }, (_, i) => i),
    }),
    /at most 1000 combinations but these make 1600/,
  ],
] as const) {
  test(`refused: ${content.slice(0, 40)}`, async t => {
    await t.throwsAsync(grid(t, content), { instanceOf: DataError, message });
  });
}

test('values are checked as those of flags are, and none is given twice', async t => {
  await t.throwsAsync(grid(t, '{"epochs": [1, "2"]}'), {
    instanceOf: OptionError,
    message: /an integer of at least 1 for epochs\[1\] in .*grid\.json but received "2"/,
  });
  await t.throwsAsync(grid(t, '{"epochs": [1]}', { epochs: 3 }), {
    instanceOf: OptionError,
    message: /no value, since the grid gives its values, for --epochs but received 3/,
  });
  await t.throwsAsync(grid(t, '{"seed": [1]}', { seeds: [1, 2] }), {
    instanceOf: OptionError,
    message: /for --seeds/,
  });
});
