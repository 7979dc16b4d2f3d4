import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { checkpoint } from '../support/checkpoints.ts';
import { projectRoot } from '../support/shared.ts';

/* The package as npm packs it, installed beside its dependencies: in a clone of the project that has been built. */

const run = promisify(execFile);
const node = (cwd: string, ...args: string[]) => run(process.execPath, args, { cwd });
const modules = join(projectRoot, 'node_modules');

const root = await mkdtemp(join(tmpdir(), 'nerbert-package-'));
/** A clone with dist/ and build/Release. */
const clone = join(root, 'clone');
/** A project that has nerbert installed. */
const user = join(root, 'user');
const installed = join(user, 'node_modules', 'nerbert');
let tarball = '';

test.before(async () => {
  const left = new Set(['.git', 'node_modules', 'dist', 'build', 'native-build', 'prebuilds', 'runs']);
  await cp(projectRoot, clone, { recursive: true, filter: path => !left.has(basename(path)) });
  await cp(join(projectRoot, 'build', 'Release'), join(clone, 'build', 'Release'), { recursive: true });
  await symlink(modules, join(clone, 'node_modules'));
  await node(clone, join('scripts', 'build-js.mjs'));

  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--silent'], { cwd: clone });
  tarball = join(clone, stdout.trim());
  await mkdir(join(user, 'node_modules'), { recursive: true });
  for (const name of await readdir(modules)) {
    if (!name.startsWith('.')) await symlink(join(modules, name), join(user, 'node_modules', name));
  }
  await run('tar', ['-xzf', tarball, '-C', user]);
  await rename(join(user, 'package'), installed);
  await cp(join(clone, 'build'), join(installed, 'build'), { recursive: true });
});

test.after.always(() => rm(root, { recursive: true }));

test('the tarball holds what running and building need, and no more', async t => {
  const { stdout } = await run('tar', ['-tzf', tarball]);
  const files = stdout
    .trimEnd()
    .split('\n')
    .map(file => file.replace('package/', ''));
  const needed = [
    'dist/index.js',
    'dist/index.d.ts',
    'dist/cli/main.js',
    'dist/report/figure-worker.js',
    'data/demo/train.iob2',
    'examples/predict.mjs',
    'scripts/install.mjs',
    'native/sources.txt',
    'CMakeLists.txt',
    'binding.gyp',
    'README.md',
    'LICENSE',
  ];
  for (const file of needed) t.true(files.includes(file), file);
  const parts = new Set(files.map(file => file.split('/')[0]));
  for (const part of ['src', 'test', 'shared', 'build', 'node_modules', 'bench'])
    t.false(parts.has(part), part);
  t.deepEqual(
    files.filter(file => /\.(safetensors|bin|node|so|tgz)$/.test(file)),
    [],
  );
  t.true((await stat(tarball)).size < 2 * 2 ** 20);
});

const names = '[BertTrainer, NerDataset, pipeline].map(({ name }) => name).join()';

test('require works, in an installation and of the clone’s folder', async t => {
  for (const from of ['nerbert', clone]) {
    const code = `const { BertTrainer, NerDataset, pipeline } = require(${JSON.stringify(from)}); console.log(${names})`;
    const { stdout } = await node(user, '--input-type=commonjs', '-e', code);
    t.is(stdout, 'BertTrainer,NerDataset,pipeline\n');
  }
});

test('import works', async t => {
  const code = `import { BertTrainer, NerDataset, pipeline } from 'nerbert'; console.log(${names})`;
  const { stdout } = await node(user, '--input-type=module', '-e', code);
  t.is(stdout, 'BertTrainer,NerDataset,pipeline\n');
});

const consumer = `
import { BertTrainer, type BertTrainerOptions, readDataFromFile, type TrainerEvent } from 'nerbert';
declare const options: BertTrainerOptions;
const trainer = new BertTrainer(options);
const samples = await readDataFromFile('train.iob2', { separator: ' ' });
export const words: string[] = samples.flatMap(sample => sample.words);
export async function losses(events: AsyncIterable<TrainerEvent>): Promise<number[]> {
  const found: number[] = [];
  for await (const event of events) if (event.type === 'step') found.push(event.loss);
  return found;
}
// @ts-expect-error an option's type is known
options.nEpochs = 'three';
// @ts-expect-error there is no such option
await trainer.train({ dataLoaderTrain: [] });
`;

test('types resolve from a module and from CommonJS', async t => {
  await writeFile(join(user, 'consumer.mts'), consumer);
  await writeFile(
    join(user, 'consumer.cts'),
    `import nerbert = require('nerbert');
export const report: string = nerbert.entityReport([['O']], [['O']]);
// @ts-expect-error a report is text
export const wrong: number = nerbert.wordReport(['O'], ['O']);
`,
  );
  const options = [
    '--noEmit',
    '--strict',
    '--exactOptionalPropertyTypes',
    '--module',
    'nodenext',
    '--types',
    'node',
  ];
  const tsc = join(modules, 'typescript', 'bin', 'tsc');
  const files = ['consumer.mts', 'consumer.cts'];
  const result = await node(
    user,
    tsc,
    ...options,
    '--target',
    'es2022',
    '--lib',
    'es2023,esnext.disposable',
    ...files,
  ).catch(error => error);
  t.is(result.stdout, '');
});

test('the command runs', async t => {
  const command = join(installed, 'dist', 'cli', 'main.js');
  t.true(((await stat(command)).mode & 0o111) !== 0, 'executable');
  const { stdout } = await run(command, ['--version'], { cwd: user });
  t.regex(stdout, /^\d+\.\d+\.\d+\n$/);
});

test('doctor finds the install scripts of an installation and its addon', async t => {
  const { stdout } = await node(user, join(installed, 'dist', 'cli', 'main.js'), 'doctor', '--json');
  const { facts } = JSON.parse(stdout);
  t.is(facts.system.status, 'ok');
  t.regex(facts.addon.text, /^loads: .*nerbert\.node/);
});

test('the example runs and computes, in an installation and in a clone', async t => {
  const outputs = [];
  for (const folder of [installed, clone]) {
    const example = join(folder, 'examples', 'predict.mjs');
    const { stdout } = await node(user, example, checkpoint('tc-safetensors'), 'p53 in T cells');
    outputs.push(stdout);
  }
  t.regex(outputs[0] ?? '', /^p53 -> /);
  t.is(outputs[1], outputs[0]);
});
