import test from 'ava';
import { exitCodeOf, explain } from '../../../src/cli/failure.ts';
import { Interruption } from '../../../src/cli/interruption.ts';
import { CheckpointError, DataError, NativeError, NerbertError, OptionError } from '../../../src/errors.ts';

test('what went wrong decides on the exit code', t => {
  for (const error of [
    new OptionError('--epochs', 'a number', 'x'),
    new DataError('no tag', 'train.iob2', 3),
    new CheckpointError('no weights', 'model'),
  ]) {
    t.is(exitCodeOf(error), 2);
  }
  for (const error of [
    new NerbertError('ERR_IO', 'no space'),
    new NativeError('ERR_OUT_OF_MEMORY', 'no memory'),
    new TypeError('x is not a function'),
    'thrown text',
  ]) {
    t.is(exitCodeOf(error), 1);
  }
  t.is(exitCodeOf(new Interruption('SIGINT')), 130);
  t.is(exitCodeOf(new Interruption('SIGTERM')), 143);
});

test('errors meant for people are one line, others show their stack', t => {
  t.is(explain(new DataError('no tag', 'train.iob2', 3)), 'nerbert: train.iob2:3: no tag');
  t.is(explain(new Interruption('SIGINT')), 'nerbert: interrupted');
  t.regex(
    explain(new TypeError('x is not a function')),
    /unexpected failure\nTypeError: x is not a function\n +at /,
  );
});
