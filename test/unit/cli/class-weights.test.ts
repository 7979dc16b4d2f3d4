import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { classWeightsOf } from '../../../src/cli/class-weights.ts';
import { DataError, OptionError } from '../../../src/errors.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const tags = ['O', 'B-x', 'I-x'];
const training = [
  { words: ['a', 'b', 'c', 'd', 'e', 'f', 'g'], labels: ['O', 'O', 'O', 'O', 'B-x', 'B-x', 'I-x'] },
];

test('balanced: all words over those with the tag, divided by the largest', async t => {
  t.deepEqual(await classWeightsOf('balanced', tags, training), Float32Array.of(0.25, 0.5, 1));
});

test('balanced needs every tag among the training sentences', async t => {
  await t.throwsAsync(classWeightsOf('balanced', [...tags, 'B-y'], training), {
    instanceOf: OptionError,
    message: /"B-y".* weights of your own/,
  });
});

test('a file gives the weight of each tag, in any order', async t => {
  const file = join(await temporaryFolder(t), 'weights.json');
  await writeFile(file, '{"I-x": 3, "O": 0, "B-x": 0.5}');
  t.deepEqual(await classWeightsOf(file, tags, training), Float32Array.of(0, 0.5, 3));
});

for (const [content, message] of [
  [
    '{"O": 1, "B-x": 1}',
    /weights\.json: .* for each tag but found none for "I-x"\. The tags are O, B-x, I-x/,
  ],
  ['{"O": 1, "B-x": 1, "I-x": 1, "B-y": 1}', /found one for "B-y", which is none/],
  ['{"O": "1", "B-x": 1, "I-x": 1}', /found "1" for "O"/],
  ['{"O": -1, "B-x": 1, "I-x": 1}', /found -1 for "O"/],
  ['{"O": 1e39, "B-x": 1, "I-x": 1}', /found 1e\+39 for "O"/],
  ['{"O": 0, "B-x": 0, "I-x": 0}', /found 0 for all/],
  ['[1, 1, 1]', /a JSON object of tag: weight for --class-weights but the file holds something else/],
  ['{', /this is not JSON/],
] as const) {
  test(`refused: ${content}`, async t => {
    const file = join(await temporaryFolder(t), 'weights.json');
    await writeFile(file, content);
    await t.throwsAsync(classWeightsOf(file, tags, training), { instanceOf: DataError, message });
  });
}

test('a file that is missing is named', async t => {
  await t.throwsAsync(classWeightsOf('balance', tags, training), {
    instanceOf: DataError,
    message: /^balance: .*there is no such file/,
  });
});
