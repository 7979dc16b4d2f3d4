import test from 'ava';
import { runChild } from '../support/child.ts';

/** Exit code, signal and output of each way to end a process while models are open. */
const ways: Record<
  string,
  {
    code: number | null;
    signal?: NodeJS.Signals;
    stdout?: string;
    stderr?: RegExp;
    env?: Record<string, string>;
  }
> = {
  undisposed: { code: 0, stdout: 'trained\n' },
  'unawaited steps': { code: 0, stdout: 'all done\n' },
  'exit during a step': { code: 7 },
  'exit during a bfloat16 step': { code: 7 },
  'exit during a step that threads share': { code: 7, env: { OMP_NUM_THREADS: '2' } },
  'exit during an evaluation': { code: 7, env: { OMP_NUM_THREADS: '2' } },
  'exit with a queue': { code: 7 },
  'exit in an exit listener': { code: 8 },
  'exit with threads counted': { code: 7, stdout: '1 threads in a step\n0 threads at exit\n' },
  'exception during a step': { code: 1, stderr: /Error: thrown on purpose/ },
  'exception in a callback': { code: 1, stderr: /Error: thrown on purpose/ },
  'rejection during a step': { code: 1, stderr: /Error: thrown on purpose/ },
  'signal during a step': { code: null, signal: 'SIGTERM' },
  'signal handler that exits': { code: 143 },
};

for (const [way, { code, signal = null, stdout = '', stderr = /^$/, env = {} }] of Object.entries(ways)) {
  test(`a process ends cleanly: ${way}`, async t => {
    const result = await runChild('lifecycle/children/end.ts', { args: [way], env });
    t.like(result, { code, signal, stdout });
    t.regex(result.stderr, stderr);
    t.notRegex(result.stderr, /terminate called|Segmentation|FATAL|Assertion|core dumped/);
  });
}
