import test from 'ava';
import { type Fact, ok, problem, warning } from '../../../../src/cli/doctor/fact.ts';
import { canCompute, jsonReport, textReport } from '../../../../src/cli/doctor/report.ts';
import { version } from '../../../../src/version.ts';

const good: Fact = { key: 'cpu', name: 'CPU', ...ok('fast', { cores: 2 }) };
const slow: Fact = { key: 'hubCache', name: 'hub cache', ...warning('full', ['make room', 'move it']) };
const bad: Fact = { key: 'addon', name: 'addon', ...problem('gone', ['install it']) };

test('the report is aligned, with remedies below what they are for', t => {
  t.is(
    textReport([good, slow, bad]),
    `nerbert ${version}

ok       CPU        fast
warning  hub cache  full
                    -> make room
                    -> move it
problem  addon      gone
                    -> install it

nerbert cannot compute here. Problems: addon. Warnings: hub cache.
`,
  );
  t.regex(textReport([good, slow]), /\n\nnerbert can compute here\. Warnings: hub cache\.\n$/);
  t.regex(textReport([good]), /\n\nnerbert can compute here\.\n$/);
});

test('the JSON form has the same', t => {
  t.deepEqual(JSON.parse(jsonReport([good, bad])), {
    version,
    canCompute: false,
    facts: {
      cpu: { status: 'ok', text: 'fast', remedies: [], values: { cores: 2 } },
      addon: { status: 'problem', text: 'gone', remedies: ['install it'], values: {} },
    },
  });
  t.true(canCompute([good, slow]));
});

test('passwords in addresses are left out of both', t => {
  const fact: Fact = { key: 'hub', name: 'hub', ...ok('at https://me:secret@hub.example/x', {}) };
  t.regex(textReport([fact]), /at https:\/\/\*\*\*@hub\.example\/x/);
  const json: { facts: Record<string, { text: string }> } = JSON.parse(jsonReport([fact]));
  t.is(json.facts.hub?.text, 'at https://***@hub.example/x');
});
