import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import anyTest, { type TestFn } from 'ava';
import { projectRoot } from '../support/shared.ts';

/* The kernel is compiled by itself, as CMakeLists.txt compiles it, because JavaScript cannot reach it. */

interface Report {
  /** Of each vector, computed by itself and beside others. */
  knownAnswers: [string, string][];
  elements: number;
  rate: number;
  kept: number;
  wronglyScaled: number;
  /** Elements on which two masks agree. */
  agreements: Record<string, number>;
  sameBits: Record<string, boolean>;
}

const test = anyTest as TestFn<Report>;
const run = promisify(execFile);
const compiler = process.env.CXX ?? 'c++';
const testWithCompiler = spawnSync(compiler, ['--version']).status === 0 ? test : test.skip;

const capabilities: Record<string, string[]> = {
  DEFAULT: [],
  ...(process.arch === 'x64' && {
    AVX2: ['-mavx2', '-mfma', '-mf16c'],
    AVX512: ['-mavx512f', '-mavx512bw', '-mavx512vl', '-mavx512dq', '-mfma'],
  }),
};

async function compile(folder: string): Promise<string> {
  const source = (...path: string[]) => join(projectRoot, ...path);
  const flags = ['-std=c++20', '-O3', '-Wall', '-Wextra', '-Werror', `-I${source('native')}`];
  const objects = Object.entries(capabilities).map(async ([capability, extra]) => {
    const object = join(folder, `${capability}.o`);
    const definitions = [`-DCPU_CAPABILITY=${capability}`, `-DCPU_CAPABILITY_${capability}`];
    const kernel = source('native', 'kernels', 'dropout_kernels.cpp');
    await run(compiler, [...flags, ...extra, ...definitions, '-c', kernel, '-o', object]);
    return object;
  });
  const program = join(folder, 'check');
  const platform = process.arch === 'x64' ? ['-DNERBERT_X86'] : [];
  const check = source('test', 'native', 'dropout_kernels_check.cpp');
  await run(compiler, [...flags, ...platform, check, ...(await Promise.all(objects)), '-o', program]);
  return program;
}

let report: Promise<Report> | undefined;

/** Compiles and runs the check once for all tests. */
async function check(): Promise<Report> {
  const folder = await mkdtemp(join(tmpdir(), 'nerbert-kernel-'));
  try {
    return JSON.parse((await run(await compile(folder), [])).stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test.beforeEach(async t => {
  report ??= check();
  t.context = await report;
});

/** Whether a count of `trials` with this probability lies within five standard deviations of its mean. */
function withinFiveSigma(count: number, trials: number, probability: number): boolean {
  const sigma = Math.sqrt(trials * probability * (1 - probability));
  return Math.abs(count - trials * probability) <= 5 * sigma;
}

testWithCompiler('the generator gives the published answers of Threefry4x32-20', t => {
  // Random123, tests/kat_vectors
  const published = [
    '9c6ca96a e17eae66 fc10ecd4 5256a7d8',
    '2a881696 57012287 f6c7446e a16a6732',
    '59cd1dbb b8879579 86b5d00c ac8b6d84',
  ];
  t.deepEqual(
    t.context.knownAnswers,
    published.map(words => [words, words]),
  );
});

testWithCompiler('the kernel keeps the share that the rate leaves, scaled to keep the mean', t => {
  const { kept, elements, rate, wronglyScaled } = t.context;
  t.true(withinFiveSigma(kept, elements, 1 - rate), `kept ${kept} of ${elements}`);
  t.is(wronglyScaled, 0);
});

testWithCompiler('masks of other elements, sites, steps and seeds are independent', t => {
  const { agreements, elements, rate } = t.context;
  t.is(Object.keys(agreements).length, 7);
  for (const [what, count] of Object.entries(agreements)) {
    t.true(withinFiveSigma(count, elements, rate ** 2 + (1 - rate) ** 2), `${what}: ${count}`);
  }
});

testWithCompiler('every build gives the same bits, however the rows are spread over threads', t => {
  t.true('default' in t.context.sameBits);
  for (const [build, same] of Object.entries(t.context.sameBits)) t.true(same, build);
});
