import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { projectRoot } from '../support/shared.ts';

// Where NERBERT_PYTHON names a Python with torch and transformers.
const checked = process.env.NERBERT_PYTHON ? test : test.skip;

checked('transformers loads what nerbert saved, and computes the same', async t => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', './test/support/nerbert-from-source.mjs', join('scripts', 'check-transformers.mjs')],
    { cwd: projectRoot },
  );
  t.regex(
    stdout,
    /^transformers [\s\S]*\ncased, from scratch: the same, .*\nuncased, from scratch: the same, /,
  );
  t.notRegex(stdout, /NOT the same|Skipped/);
});
