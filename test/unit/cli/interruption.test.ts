import test from 'ava';
import { exitCode, rest, said, start } from '../../support/cli.ts';

const SCRIPT = 'test/unit/cli/children/interruption.ts';

test('signals that come together, as npm doubles them, are one: the work ends in good order', async t => {
  const child = start(SCRIPT, ['orderly']);
  await said(child.stdout, /ready/);
  const [stdout, stderr] = [rest(child.stdout), rest(child.stderr)];
  child.kill('SIGINT');
  child.kill('SIGTERM');
  const code = await exitCode(child);
  t.true(code === 130 || code === 143);
  t.is(await stdout, code === 130 ? 'nerbert: interrupted\n' : 'nerbert: terminated\n');
  t.is(await stderr, '\nnerbert: stopping after the current step; once more to stop at once\n');
});

test('a signal after the first ends the process at once', async t => {
  const child = start(SCRIPT, ['deaf']);
  await said(child.stdout, /ready/);
  const again = setInterval(() => child.kill('SIGINT'), 50);
  t.is(await exitCode(child), 130);
  clearInterval(again);
});
