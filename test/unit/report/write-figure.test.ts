import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { OptionError } from '../../../src/errors.ts';
import { errorCurves } from '../../../src/report/error-curves.ts';
import { writeFigure } from '../../../src/report/write-figure.ts';
import { readPng } from '../../support/png.ts';
import { projectRoot } from '../../support/shared.ts';

const folder = await mkdtemp(join(tmpdir(), 'nerbert-figure-'));
test.after.always(() => rm(folder, { recursive: true, force: true }));

/** A program in a process of its own, with `figure`, `path` and `writeFigure` at hand. */
const programFor = (path: string, body: string) => `
  import { errorCurves } from ${JSON.stringify(join(projectRoot, 'src/report/error-curves.ts'))};
  import { writeFigure } from ${JSON.stringify(join(projectRoot, 'src/report/write-figure.ts'))};
  const figure = errorCurves({ lossTrEpochs: [0.3, 0.2], lossValEpochs: [0.4, 0.3] });
  const path = ${JSON.stringify(path)};
  ${body}`;

async function node(...args: string[]): Promise<string> {
  const all = ['--import', './test/support/tsx.mjs', ...args];
  const { stdout } = await promisify(execFile)(process.execPath, all, { cwd: projectRoot, timeout: 60_000 });
  return stdout;
}

/** Runs such a program from a file; its standard output. */
async function run(path: string, body: string): Promise<string> {
  const file = join(folder, `${randomUUID()}.mjs`);
  await writeFile(file, programFor(path, body));
  return await node(file);
}

test('writes an SVG and a PNG and tells their paths; the process ends', async t => {
  const path = join(folder, 'curves');
  const stdout = await run(path, 'console.log(JSON.stringify(await writeFigure(figure, path)))');
  t.deepEqual(JSON.parse(stdout), [`${path}.svg`, `${path}.png`]);
  t.regex(await readFile(`${path}.svg`, 'utf8'), /^<svg.*Training and validation loss per epoch/s);
  const { width, height, colours } = readPng(await readFile(`${path}.png`));
  t.true((colours.get('#ffffff') ?? 0) > 0.85 * width * height);
});

test('works in a program given on the command line', async t => {
  const path = join(folder, 'inline');
  await node('--input-type=module', '--eval', programFor(path, 'await writeFigure(figure, path)'));
  t.regex(await readFile(`${path}.svg`, 'utf8'), /^<svg/);
});

test('a promise that nobody awaits keeps the process alive until the files are whole', async t => {
  const path = join(folder, 'dark');
  await run(path, "void writeFigure(figure, path, { theme: 'dark' })");
  const { width, height, colours } = readPng(await readFile(`${path}.png`));
  t.true((colours.get('#0d1117') ?? 0) > 0.85 * width * height);
});

test('the event loop turns while a figure is drawn', async t => {
  const program = `
    const drawing = writeFigure(figure, path);
    let turns = 0;
    const timer = setInterval(() => turns++, 5);
    await drawing;
    clearInterval(timer);
    console.log(turns);`;
  const turns = Number(await run(join(folder, 'turns'), program));
  t.true(turns >= 20, `${turns} turns`);
});

test('process.exit while drawing ends at once and leaves no half file', async t => {
  const inner = join(folder, 'exit');
  await mkdir(inner);
  await run(join(inner, 'curves'), 'void writeFigure(figure, path); setTimeout(() => process.exit(0), 50)');
  t.deepEqual(await readdir(inner), []);
});

test('a folder that does not exist is named, with what to do', async t => {
  const path = join(folder, 'absent', 'curves');
  const stdout = await run(
    path,
    `
    const error = await writeFigure(figure, path).catch(error => error);
    console.log(JSON.stringify([error.name, error.code, error.message, error.cause.code]));`,
  );
  const [name, code, message, causeCode] = JSON.parse(stdout);
  t.deepEqual([name, code, causeCode], ['NerbertError', 'ERR_FIGURE', 'ERR_IO']);
  t.true(
    message.includes(`${path}.svg`) && message.includes('the folder does not exist. Create it first'),
    message,
  );
});

test('wrong options are refused before anything is drawn', async t => {
  const figure = errorCurves({ lossTrEpochs: [0.3] });
  await t.throwsAsync(writeFigure(figure, ''), { instanceOf: OptionError, message: /pathWithoutExtension/ });
  await t.throwsAsync(writeFigure(figure, join(folder, 'x'), { theme: 'sepia' as 'dark' }), {
    instanceOf: OptionError,
    message: /"light", "dark" for theme/,
  });
});
