import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { runCli } from '../support/cli.ts';
import { projectRoot } from '../support/shared.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { libtorchFiles, writeTree } from '../unit/scripts/fake-libtorch.ts';

interface Report {
  version: string;
  canCompute: boolean;
  facts: Record<string, { status: string; text: string; remedies: string[]; values: object }>;
}

/** An environment with empty caches, and nothing that the user's says of nerbert or the hub. */
async function cleanEnv(t: ExecutionContext): Promise<Record<string, string>> {
  const folder = await temporaryFolder(t);
  const unset = Object.keys(process.env).filter(name => /^(NERBERT|HF|HUGGING|TRANSFORMERS)_/.test(name));
  return {
    ...Object.fromEntries(unset.map(name => [name, ''])),
    NERBERT_CACHE: join(folder, 'nerbert'),
    HF_HOME: join(folder, 'huggingface'),
    OMP_NUM_THREADS: '1',
  };
}

/** Lines of the report that are not `ok`, each with its remedies. */
const blocks = (stdout: string) =>
  stdout.split(/\n(?=\S)/).filter(block => /^(warning|problem) /.test(block));

const lineOf = (stdout: string, name: string) =>
  stdout.split('\n').find(line => new RegExp(`^\\w+ +${name} {2}`).test(line)) ?? '';

test.serial('a healthy installation: every fact, no problem, no colours, and the same as JSON', async t => {
  const env = await cleanEnv(t);
  const cwd = await temporaryFolder(t);
  const { code, stdout, stderr } = await runCli(['doctor'], { env, cwd });
  t.deepEqual([code, stderr], [0, '']);
  t.false(stdout.includes('\u001b'));
  t.regex(lineOf(stdout, 'Node\\.js'), new RegExp(`^ok .*${process.versions.node}`));
  t.regex(lineOf(stdout, 'libtorch'), /^ok .* 2\.\d+\.\d+.*(CPU|CUDA) build/);
  t.regex(lineOf(stdout, 'addon'), /^(ok|warning) .* loads: .*nerbert.*\.node, built for libtorch 2\.\d+/);
  t.regex(lineOf(stdout, 'threads'), /^ok .* 1 \(OMP_NUM_THREADS is 1\)/);
  t.regex(lineOf(stdout, 'matrix path'), /^ok .*not measured yet: .*doctor --measure/);
  t.regex(lineOf(stdout, 'corpus'), /^ok .*built-in demo/);
  t.regex(stdout, /\nnerbert can compute here\..*\n$/);
  for (const block of blocks(stdout)) t.regex(block, /\n +-> \S/, 'a remedy');

  const json = await runCli(['doctor', '--json'], { env, cwd });
  t.deepEqual([json.code, json.stderr], [0, '']);
  const report: Report = JSON.parse(json.stdout);
  t.true(report.canCompute);
  // What is free changes from one moment to the next.
  const { memory, cache, hubCache, ...steady } = report.facts;
  for (const fact of [memory, cache, hubCache]) t.truthy(fact);
  for (const { status, text } of Object.values(steady)) {
    t.true(
      stdout.split('\n').some(line => line.startsWith(`${status} `) && line.endsWith(`  ${text}`)),
      text,
    );
  }
  const lines = stdout.split('\n').filter(line => /^(ok|warning|problem) /.test(line));
  t.is(lines.length, Object.keys(report.facts).length);
});

test.serial('--measure measures the matrix path and keeps it', async t => {
  const env = await cleanEnv(t);
  const file = join(env.NERBERT_CACHE ?? '', 'matrix-paths.json');
  const { code, stdout } = await runCli(['doctor', '--measure'], { env });
  t.is(code, 0);
  t.regex(lineOf(stdout, 'matrix path'), /^ok .*forward.*\(measured now, kept in .*matrix-paths\.json/);
  const [machine = ''] = Object.keys(JSON.parse(await readFile(file, 'utf8')));
  await writeFile(file, JSON.stringify({ [machine]: 'onednn aten onednn' }));
  t.regex(
    lineOf((await runCli(['doctor'], { env })).stdout, 'matrix path'),
    /oneDNN: forward, backward by weight; .*ATen: backward by input \(measured before/,
  );
});

test.serial('a libtorch that is not where NERBERT_LIBTORCH says is a problem with its remedy', async t => {
  const empty = await temporaryFolder(t);
  const env = { ...(await cleanEnv(t)), NERBERT_LIBTORCH: empty };
  const { code, stdout, stderr } = await runCli(['doctor'], { env });
  t.deepEqual([code, stderr], [1, '']);
  t.regex(
    stdout,
    new RegExp(
      `\\nproblem +libtorch +there is no lib/libtorch_cpu\\.so in .*${empty}\\n +-> point NERBERT_LIBTORCH`,
    ),
  );
  t.regex(stdout, /\nproblem +addon +cannot be loaded without libtorch: .*\n +-> mend libtorch first/);
  t.regex(stdout, /\nnerbert cannot compute here\. Problems: libtorch, addon\./);
});

test.serial('a library that cannot be opened is named', async t => {
  const env = {
    ...(await cleanEnv(t)),
    NERBERT_LIBTORCH: writeTree(await temporaryFolder(t), libtorchFiles('2.13.0')),
  };
  const { code, stdout } = await runCli(['doctor', '--json'], { env });
  t.is(code, 1);
  const { facts }: Report = JSON.parse(stdout);
  t.is(facts.addon?.status, 'problem');
  t.regex(facts.addon?.text ?? '', /libgomp\.so\.1/);
  t.regex(facts.addon?.remedies.join() ?? '', /reinstall/);
});

test.serial('wrong settings are named, and secrets are not shown', async t => {
  const secret = 'hf_averysecrettoken';
  const file = join(await temporaryFolder(t), 'file');
  await writeFile(file, '');
  const env = {
    ...(await cleanEnv(t)),
    NERBERT_MATRIX_PATH: 'mkl',
    NERBERT_KERNELS: 'fast',
    NERBERT_CACHE: file,
    HF_TOKEN: secret,
  };
  const { code, stdout } = await runCli(['doctor'], { env });
  t.is(code, 1);
  t.regex(
    stdout,
    /\nproblem +matrix path +Expected .* for NERBERT_MATRIX_PATH but received "mkl"\n +-> unset/,
  );
  t.regex(stdout, /\nproblem +kernels +Expected .* for NERBERT_KERNELS but received "fast"\n +-> unset/);
  t.regex(stdout, /\nwarning +cache +.*ENOTDIR.*\n +-> set NERBERT_CACHE/);
  t.regex(lineOf(stdout, 'hub'), /^ok .*with a token$/);
  t.false(stdout.includes('secret'));
  t.false((await runCli(['doctor', '--json'], { env })).stdout.includes('secret'));
});

test.serial('wrong usage ends with 2', async t => {
  for (const args of [['--fast'], ['now']]) t.is((await runCli(['doctor', ...args])).code, 2);
});

/** A copy of the project as far as `doctor` goes, to be broken. */
async function copyOfProject(t: ExecutionContext): Promise<string> {
  const copy = join(await temporaryFolder(t), 'nerbert');
  await mkdir(copy);
  const parts = ['src', 'scripts', 'native', 'package.json', 'CMakeLists.txt', join('build', 'Release')];
  for (const part of parts) await cp(join(projectRoot, part), join(copy, part), { recursive: true });
  await symlink(join(projectRoot, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** Runs `nerbert doctor` of a copy. */
function doctorOf(copy: string, env: Record<string, string>): Promise<{ code: number; stdout: string }> {
  const loader = pathToFileURL(join(projectRoot, 'test', 'support', 'tsx.mjs')).href;
  const args = [`--import=${loader}`, join(copy, 'src', 'cli', 'main.ts'), 'doctor'];
  return new Promise(resolve => {
    const child = execFile(process.execPath, args, { env: { ...process.env, ...env } }, (_, stdout) =>
      resolve({ code: child.exitCode ?? -1, stdout }),
    );
  });
}

test.serial('an addon for another libtorch, a damaged record, and no addon at all', async t => {
  const env = await cleanEnv(t);
  const copy = await copyOfProject(t);
  const release = join(copy, 'build', 'Release');

  const addon = (await readFile(join(release, 'nerbert.node'))).toString('latin1');
  const other = addon.replace(/nerbert-libtorch=2\.\d+\./, 'nerbert-libtorch=2.99.');
  await writeFile(join(release, 'nerbert.node'), Buffer.from(other, 'latin1'));
  const mismatch = await doctorOf(copy, env);
  t.is(mismatch.code, 1);
  t.regex(
    mismatch.stdout,
    /\nproblem +addon .*built with libtorch 2\.99\.\d+, but the one in .*\n +-> set NERBERT_LIBTORCH to a libtorch 2\.99/,
  );

  await writeFile(join(release, 'libtorch.json'), '{');
  const damaged = await doctorOf(copy, env);
  t.is(damaged.code, 1);
  t.regex(
    damaged.stdout,
    /\nproblem +libtorch .*not recorded where libtorch lies .*libtorch\.json.*\n +-> run `npm/,
  );

  await rm(join(copy, 'build'), { recursive: true });
  const missing = await doctorOf(copy, env);
  t.is(missing.code, 1);
  t.regex(
    missing.stdout,
    /\nproblem +addon .*not found \(no nerbert\.node in .*\n +-> run `npm rebuild nerbert`/,
  );
  t.regex(missing.stdout, /\n +-> if your package manager runs no install scripts/);
});
