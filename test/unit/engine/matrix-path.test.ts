import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { answerOf, runChild } from '../../support/child.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

interface Answer {
  matrixPath: string;
  loss: number;
}

const child = 'unit/engine/children/matrix-path.ts';
const losses = (env: Record<string, string>) => answerOf<Answer>(child, { env });

test('the path of a machine is measured once, kept in the cache and taken from there', async t => {
  const cache = join(await temporaryFolder(t), 'not', 'there', 'yet');
  const { matrixPath } = await losses({ NERBERT_CACHE: cache });
  t.regex(matrixPath, /^(aten|onednn) (aten|onednn) (aten|onednn)$/);
  const file = join(cache, 'matrix-paths.json');
  const kept: Record<string, string> = JSON.parse(await readFile(file, 'utf8'));
  t.deepEqual(Object.values(kept), [matrixPath]);
  const other = matrixPath === 'onednn aten onednn' ? 'aten onednn aten' : 'onednn aten onednn';
  await writeFile(file, JSON.stringify({ [Object.keys(kept)[0] ?? '']: other }));
  t.is((await losses({ NERBERT_CACHE: cache })).matrixPath, other);
});

test('a damaged note of it is measured again', async t => {
  const cache = await temporaryFolder(t);
  for (const text of ['{', '[]', '{"AMD": "fast"}']) {
    await writeFile(join(cache, 'matrix-paths.json'), text);
    t.regex(
      (await losses({ NERBERT_CACHE: cache })).matrixPath,
      /^(aten|onednn) (aten|onednn) (aten|onednn)$/,
    );
  }
});

test('all libraries give the same losses but for rounding', async t => {
  const aten = await losses({ NERBERT_MATRIX_PATH: 'aten aten aten' });
  const onednn = await losses({ NERBERT_MATRIX_PATH: 'onednn onednn onednn' });
  t.is(onednn.matrixPath, 'onednn onednn onednn');
  t.true(Math.abs(aten.loss - onednn.loss) <= 1e-5 * aten.loss, `${aten.loss} and ${onednn.loss}`);
});

test('what is no path is refused', async t => {
  const { code, stderr } = await runChild(child, { env: { NERBERT_MATRIX_PATH: 'mkl' } });
  t.is(code, 1);
  t.regex(stderr, /Expected three words, each aten or onednn, .* for NERBERT_MATRIX_PATH but received "mkl"/);
});
