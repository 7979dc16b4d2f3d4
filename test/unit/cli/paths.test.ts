import { join, resolve } from 'node:path';
import test from 'ava';
import { shellWord, shownPath } from '../../../src/cli/paths.ts';

test('a path is shown from the working directory where that is shorter', t => {
  t.is(shownPath(resolve('runs', 'a')), join('runs', 'a'));
  t.is(shownPath('train.iob2'), 'train.iob2');
  t.is(shownPath('/a'), '/a');
  t.is(shownPath(process.cwd()), process.cwd());
});

test('a word of a shell command is quoted where it must be', t => {
  t.is(shellWord('runs/2026-01-31T12-00-00'), 'runs/2026-01-31T12-00-00');
  t.is(shellWord('my run'), "'my run'");
  t.is(shellWord("it's"), "'it'\\''s'");
  t.is(shellWord(''), "''");
  t.is(shellWord('$HOME'), "'$HOME'");
});
