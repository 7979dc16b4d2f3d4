import test from 'ava';
import {
  checkBoolean,
  checkInteger,
  checkKnownOptions,
  checkNumber,
  checkOneOf,
  checkPositive,
  checkProbability,
  checkString,
} from '../../src/check.ts';
import { describe, OptionError } from '../../src/errors.ts';

/* Each check, the values that it lets through, and others with what is said of them. */
const checks: [name: string, check: (value: unknown) => unknown, good: unknown[], bad: unknown[], RegExp][] =
  [
    [
      'integer',
      v => checkInteger('n', v, 1),
      [1, 7],
      [0, 1.5, '1', null, Number.NaN],
      /an integer of at least 1/,
    ],
    ['bounded integer', v => checkInteger('n', v, 0, 3), [0, 3], [-1, 4], /an integer between 0 and 3/],
    ['number', v => checkNumber('x', v), [-1, 0.5], [Number.NaN, Infinity, '1'], /a finite number/],
    ['number from', v => checkNumber('x', v, 0), [0, 1e9], [-0.1], /a number of at least 0/],
    ['number in a range', v => checkNumber('x', v, 0, 1), [0, 1], [1.1], /a number between 0 and 1/],
    ['positive number', v => checkPositive('x', v), [1e-9, 3], [0, -1, Infinity, '1'], /a number above 0/],
    ['probability', v => checkProbability('p', v), [0, 0.99], [1, -0.1, '0'], /at least 0 and below 1/],
    ['boolean', v => checkBoolean('b', v), [true, false], [0, 'true', undefined], /true or false/],
    ['string', v => checkString('s', v), ['a'], ['', 1, undefined], /a non-empty string/],
    ['one of', v => checkOneOf('o', v, ['a', 'b']), ['a'], ['c', 1], /one of "a", "b"/],
  ];

for (const [name, check, good, bad, message] of checks) {
  test(`${name}: returns what fits and says what was expected of the rest`, t => {
    for (const value of good) t.is(check(value), value);
    for (const value of bad) {
      const error = t.throws(() => check(value), { instanceOf: OptionError, code: 'ERR_OPTION', message });
      t.regex(error?.message ?? '', /^Expected .* for \w+ but received /);
    }
  });
}

test('options that nobody reads are refused, absent ones are not', t => {
  t.notThrows(() => checkKnownOptions('Thing', { a: 1, c: undefined }, ['a', 'b']));
  t.throws(() => checkKnownOptions('Thing', { A: 1 }, ['a', 'b']), {
    instanceOf: OptionError,
    message: 'Expected only the options a, b for Thing but received "A"',
  });
  for (const none of [undefined, null, 'a']) {
    t.throws(() => checkKnownOptions('Thing', none, ['a']), {
      instanceOf: OptionError,
      message: /an object of options for Thing/,
    });
  }
});

test('any value can be shown in a message', t => {
  const circle: unknown[] = [];
  circle.push(circle);
  let deep: unknown[] = [];
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  const shown: [unknown, string][] = [
    [[1, 'a', null, undefined, Number.NaN], '[1,"a",null,undefined,NaN]'],
    [[1n], '[1]'],
    [[[1]], 'an array of 1'],
    [circle, 'an array of 1'],
    [deep, 'an array of 1'],
    [new Array(9).fill(0), 'an array of 9'],
    [[], '[]'],
  ];
  for (const [value, text] of shown) t.is(describe(value), text);
});
