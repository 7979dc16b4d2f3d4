import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { Command } from 'commander';
import { addFlags, flagOf, givenOptions } from '../../../src/cli/command-options.ts';
import { trainDefaults, trainOptionSpecs } from '../../../src/cli/train-options.ts';
import { DataError, OptionError } from '../../../src/errors.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('flags are the names in kebab-case', t => {
  t.is(flagOf('trainFile'), '--train-file');
  t.is(flagOf('maxLenSeq'), '--max-len-seq');
  t.is(flagOf('seed'), '--seed');
});

test('the help lists every option, with its default', t => {
  const command = new Command('train');
  addFlags(command, trainOptionSpecs, trainDefaults);
  const help = command.helpInformation().replaceAll(/\s+/g, ' ');
  t.true(help.includes('--config <FILE>'));
  for (const { name, value } of trainOptionSpecs) {
    const flag =
      trainDefaults[name] === true ? flagOf(`no${name[0]?.toUpperCase()}${name.slice(1)}`) : flagOf(name);
    t.true(help.includes(` ${flag}${value === undefined ? '' : ` <${value}>`} `), name);
  }
  const shown = [...help.matchAll(/\(default: ([^)]*)\)/g)].map(match => match[1]);
  for (const value of Object.values(trainDefaults)) {
    if (typeof value !== 'boolean') t.true(shown.includes(String(value)), `${value}`);
  }
  // Those without a default of their own say what happens without them.
  t.is(shown.length, trainOptionSpecs.filter(({ value }) => value !== undefined).length - 2);
});

test('the defaults are the original project’s best run', t => {
  const { maxLenSeq, epochs, batchSize, accumulateGradEvery, dropout, learningRate, warmupRatio } =
    trainDefaults;
  t.deepEqual([maxLenSeq, epochs, batchSize, accumulateGradEvery], [128, 6, 8, 4]);
  t.deepEqual([dropout, learningRate, warmupRatio], [0.3, 5e-5, 0.1]);
  t.deepEqual(
    [trainDefaults.optimizer, trainDefaults.weightDecay, trainDefaults.clipping],
    ['adam', 0, undefined],
  );
});

test('what is on by default is switched off by --no-, and on again over a configuration file', t => {
  const flagsOf = (...args: string[]) => {
    const command = new Command('train');
    addFlags(command, trainOptionSpecs, trainDefaults);
    return command.parse(args, { from: 'user' }).opts();
  };
  t.deepEqual(flagsOf(), {});
  t.deepEqual(flagsOf('--no-figures', '--tensorboard'), { figures: false, tensorboard: true });
});

const given = (flags: Record<string, unknown>) => givenOptions(flags, trainOptionSpecs);

test('flags spell numbers, names and switches', async t => {
  t.deepEqual(
    await given({ epochs: '3', learningRate: '2e-5', optimizer: 'adamw', json: true, device: 'cuda:1' }),
    { epochs: 3, learningRate: 2e-5, optimizer: 'adamw', json: true, device: 'cuda:1' },
  );
  t.deepEqual(await given({}), {});
});

const bad: [flag: string, value: string, message: RegExp][] = [
  ['epochs', '0', /an integer of at least 1 for --epochs but received 0/],
  ['epochs', 'many', /for --epochs but received "many"/],
  ['epochs', '', /for --epochs but received ""/],
  ['batchSize', '2.5', /an integer of at least 1 for --batch-size but received 2\.5/],
  ['learningRate', '-1', /a number of at least 0 for --learning-rate/],
  ['learningRate', 'Infinity', /for --learning-rate but received Infinity/],
  ['warmupRatio', '2', /a number between 0 and 1 for --warmup-ratio/],
  ['clipping', '0', /a number above 0 for --clipping/],
  ['dropout', '1', /at least 0 and below 1 for --dropout/],
  ['optimizer', 'sgd', /one of "adam", "adamw" for --optimizer but received "sgd"/],
  ['lossReduction', 'sum', /for --loss-reduction/],
  ['dtype', 'float16', /one of "auto", "float32", "bfloat16" for --dtype/],
  ['device', 'gpu', /"auto", "cpu", "cuda" or "cuda:N" for --device but received "gpu"/],
  ['maxLenSeq', '3', /at least 4 for --max-len-seq/],
  ['trainFile', '', /a non-empty string for --train-file/],
];

test('a flag with a bad value is refused by its name', async t => {
  for (const [name, value, message] of bad) {
    await t.throwsAsync(given({ [name]: value }), { instanceOf: OptionError, message });
  }
});

test('a configuration file gives the same options, flags win', async t => {
  const config = join(await temporaryFolder(t), 'run.json');
  await writeFile(
    config,
    JSON.stringify({ epochs: 2, learningRate: 1e-4, overwrite: true, trainFile: 'a.iob2' }),
  );
  t.deepEqual(await given({ config, epochs: '5' }), {
    epochs: 5,
    learningRate: 1e-4,
    overwrite: true,
    trainFile: 'a.iob2',
  });
});

test('a configuration file that cannot be used is named, with what is wrong', async t => {
  const config = join(await temporaryFolder(t), 'run.json');
  const refuses = async (content: string, error: object) => {
    await writeFile(config, content);
    await t.throwsAsync(given({ config }), error);
  };
  const data = { instanceOf: DataError, code: 'ERR_DATA' };
  await refuses('{"epochs": 2,}', { ...data, message: /run\.json: .*this is not JSON: / });
  await refuses('[1]', { ...data, message: /run\.json: .*the file holds something else/ });
  await refuses('{"epoch": 2}', { ...data, message: /run\.json: .*found "epoch"\. There are: .*epochs/ });
  await refuses('{"config": "other.json"}', { ...data, message: /found "config"/ });
  await refuses('{"epochs": "2"}', {
    instanceOf: OptionError,
    message: /for epochs in .*run\.json but received "2"/,
  });
  await refuses('{"json": 1}', { instanceOf: OptionError, message: /true or false for json in/ });
  await t.throwsAsync(given({ config: `${config}.none` }), { ...data, message: /there is no such file/ });
});
