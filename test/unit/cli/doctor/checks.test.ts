import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import * as release from '../../../../scripts/addon/release.mjs';
import * as requirements from '../../../../scripts/addon/requirements.mjs';
import * as inspect from '../../../../scripts/libtorch/inspect.mjs';
import { cache } from '../../../../src/cli/doctor/cache.ts';
import { cpuQuota } from '../../../../src/cli/doctor/cpu-quota.ts';
import { cuda, hasNvidiaGpu } from '../../../../src/cli/doctor/cuda.ts';
import { engineState, type LoadedEngine } from '../../../../src/cli/doctor/engine-state.ts';
import { factOf, problem } from '../../../../src/cli/doctor/fact.ts';
import { hub } from '../../../../src/cli/doctor/hub.ts';
import { type InstallScripts, installScripts } from '../../../../src/cli/doctor/install-scripts.ts';
import { bfloat16, threads, vectorCode } from '../../../../src/cli/doctor/processor.ts';
import { matrixPath } from '../../../../src/cli/doctor/products.ts';
import { memory, nodeVersion, operatingSystem } from '../../../../src/cli/doctor/system.ts';
import { projectRoot } from '../../../support/shared.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const runtime = {
  libtorch: '2.13.0',
  cpuCapability: 'AVX2',
  threads: 4,
  cudaDevices: 0,
  cudaCapabilities: [] as number[],
};

const engine = (changes: Partial<LoadedEngine> = {}): LoadedEngine => ({
  loads: true,
  addon: 'nerbert.node',
  libtorch: { path: '/torch', version: '2.13.0', cudaMissing: undefined },
  runtime,
  matrixPath: { file: '/cache/matrix-paths.json', kept: undefined, measured: undefined },
  ...changes,
});

const broken = { loads: false as const, reason: 'gone', remedies: ['install'] };

test('the scripts of the installation are what doctor takes them for', async t => {
  const scripts: InstallScripts = { ...requirements, ...release, ...inspect };
  t.is((await installScripts()).checkMachine, scripts.checkMachine);
});

test('an old Node.js, another system and an old glibc are problems with a remedy', async t => {
  t.is((await nodeVersion('20.19.0')).status, 'ok');
  t.is((await nodeVersion('100.0.0')).status, 'ok');
  const old = await nodeVersion('18.20.4');
  t.like(old, { status: 'problem', text: '18.20.4 is too old: nerbert needs 20.19 or newer' });
  t.regex(old.remedies[0] ?? '', /install Node\.js 20\.19/);

  t.like(await operatingSystem({ platform: 'linux', arch: 'x64', glibc: '2.36' }), {
    status: 'ok',
    text: 'linux on x64, glibc 2.36',
  });
  for (const [glibc, message] of [
    [undefined, /musl/],
    ['2.27', /glibc 2\.27 is too old: libtorch needs 2\.28/],
  ] as const) {
    const found = await operatingSystem({ platform: 'linux', arch: 'x64', glibc });
    t.is(found.status, 'problem');
    t.regex(found.text, message);
    t.true(found.remedies.length > 0);
  }
});

test('little memory is a warning', t => {
  t.like(memory(8e9, 16e9), { status: 'ok', text: '8.00 GB free of 16.0 GB' });
  t.like(memory(1e9, 16e9), { status: 'warning' });
});

test('more threads than CPUs are a warning that says how many to take', t => {
  const found = (chosen: string | undefined, cores: number, quota?: number, known = true) =>
    threads(known ? runtime : undefined, { chosen, cores, quota });
  t.like(found(undefined, 4), { status: 'ok', text: '4 (OMP_NUM_THREADS is not set)' });
  t.deepEqual(found('4', 2).remedies, ['set OMP_NUM_THREADS=2']);
  const limited = found(undefined, 4, 1.5);
  t.regex(limited.text, /the container may use 1\.5 CPUs/);
  t.deepEqual(limited.remedies, ['set OMP_NUM_THREADS=1']);
  t.regex(found('all', 4).text, /is all\), which is no number/);
  t.is(found('3', 4, undefined, false).values.threads, 3);
  t.is(found(undefined, 4, undefined, false).values.threads, 4);
});

test('the CPUs of a container are read from both kinds of control groups', async t => {
  const folder = await temporaryFolder(t);
  t.is(cpuQuota(folder), undefined);
  await mkdir(join(folder, 'cpu'));
  await writeFile(join(folder, 'cpu', 'cpu.cfs_period_us'), '100000\n');
  await writeFile(join(folder, 'cpu', 'cpu.cfs_quota_us'), '-1\n');
  t.is(cpuQuota(folder), undefined);
  await writeFile(join(folder, 'cpu', 'cpu.cfs_quota_us'), '250000\n');
  t.is(cpuQuota(folder), 2.5);
  await writeFile(join(folder, 'cpu.max'), 'max 100000\n');
  t.is(cpuQuota(folder), undefined);
  await writeFile(join(folder, 'cpu.max'), '400000 100000\n');
  t.is(cpuQuota(folder), 4);
});

test('a CPU without vector instructions is a warning, on x64', t => {
  t.is(vectorCode(runtime, '', 'x64').status, 'ok');
  const plain = { ...runtime, cpuCapability: 'DEFAULT' };
  t.is(vectorCode(plain, '', 'arm64').status, 'ok');
  t.regex(vectorCode(plain, '', 'x64').remedies[0] ?? '', /AVX2/);
  t.deepEqual(vectorCode(plain, 'default', 'x64').remedies, ['unset ATEN_CPU_CAPABILITY, which is default']);
});

test('bfloat16 follows the device that auto takes', t => {
  t.like(bfloat16(runtime, 'flags : amx_bf16\n').values, { autoDtype: 'bfloat16', device: 'cpu' });
  t.like(bfloat16(undefined, '').values, { autoDtype: 'float32', device: 'cpu' });
  const gpu = { ...runtime, cudaDevices: 1, cudaCapabilities: [75] };
  t.like(bfloat16(gpu, 'flags : amx_bf16\n').values, { autoDtype: 'float32', device: 'cuda' });
});

test('GPUs are listed; one that cannot be used is a warning, none is not', t => {
  const gpus = { ...runtime, cudaDevices: 2, cudaCapabilities: [80, 0] };
  t.like(cuda(engine({ runtime: gpus }), true), {
    status: 'ok',
    text: 'cuda:0 (compute capability 8.0), cuda:1 (compute capability unknown); --device auto takes the first',
  });
  const cudaMissing = { reason: 'there is no driver', remedy: 'install one' };
  const withoutDriver = engine({ libtorch: { path: '/torch', version: '2.13.0', cudaMissing } });
  t.is(cuda(withoutDriver, false).status, 'ok');
  t.like(cuda(withoutDriver, true), {
    status: 'warning',
    text: 'not used, though there is an NVIDIA GPU: there is no driver',
    remedies: ['install one'],
  });
  t.regex(cuda(engine(), true).remedies[0] ?? '', /CUDA_VISIBLE_DEVICES/);
});

test('an NVIDIA GPU is known by its vendor and class', async t => {
  const devices = await temporaryFolder(t);
  const add = async (name: string, vendor: string, kind: string) => {
    await mkdir(join(devices, name));
    await writeFile(join(devices, name, 'vendor'), `${vendor}\n`);
    await writeFile(join(devices, name, 'class'), `${kind}\n`);
  };
  await add('0000:00:01.0', '0x8086', '0x030000');
  await add('0000:00:02.0', '0x10de', '0x040300');
  t.false(hasNvidiaGpu(devices));
  await add('0000:00:03.0', '0x10de', '0x030200');
  t.true(hasNvidiaGpu(devices));
  t.false(hasNvidiaGpu(join(devices, 'none')));
});

test('the matrix path: kept, measured, chosen or unknown', t => {
  const file = '/cache/matrix-paths.json';
  const found = (state: Partial<LoadedEngine['matrixPath']>, chosen = '') =>
    matrixPath(
      engine({ matrixPath: { file, kept: undefined, measured: undefined, ...state } }),
      'AGAIN',
      chosen,
    );
  t.regex(found({}).text, /^not measured yet: .*, or AGAIN$/);
  const kept = found({ kept: 'onednn aten onednn' });
  t.regex(
    kept.text,
    /^oneDNN: forward, backward by weight; .*ATen: backward by input \(measured before, kept in \/cache\/.*AGAIN\)$/,
  );
  t.regex(found({ kept: 'new new new' }).text, /^new: forward, backward by input, backward by weight /);
  t.regex(
    found({ kept: 'aten aten aten', measured: { path: 'onednn onednn onednn' } }).text,
    /^oneDNN: .*now/,
  );
  const lost = found({ measured: { path: 'onednn onednn onednn', notKept: 'no space' } });
  t.is(lost.status, 'warning');
  t.regex(lost.text, /measured now, but not kept: no space/);
  t.regex(lost.remedies[0] ?? '', /NERBERT_CACHE/);
  const chosen = found({ kept: 'aten aten aten' }, 'onednn onednn onednn');
  t.regex(chosen.text, /^oneDNN: .*, as NERBERT_MATRIX_PATH says; without it: .*ATen/);
  t.is(chosen.values.path, 'onednn onednn onednn');
  t.is(matrixPath(broken, 'AGAIN', 'aten aten aten').status, 'ok');
  t.is(matrixPath(broken, 'AGAIN', '').status, 'warning');
  t.is(matrixPath(broken, 'AGAIN', 'mkl').status, 'problem');
});

test('a cache is there, or can be made, or is a warning; nothing is written', async t => {
  const folder = await temporaryFolder(t);
  t.like((await cache(folder, 'X_CACHE')).values, { exists: true, writable: true });
  const missing = await cache(join(folder, 'not', 'there'), 'X_CACHE');
  t.like(missing.values, { exists: false, writable: true });
  t.regex(missing.text, /not there yet$/);
  await writeFile(join(folder, 'file'), '');
  for (const path of [join(folder, 'file'), join(folder, 'file', 'below')]) {
    const found = await cache(path, 'X_CACHE');
    t.like(found, { status: 'warning', text: `${path} cannot be read and written (ENOTDIR)` });
    t.regex(found.remedies[0] ?? '', /X_CACHE/);
  }
});

test('the hub: address, offline, token; neither tokens nor passwords are shown', async t => {
  const HF_HOME = await temporaryFolder(t);
  const plain = await hub({ HF_HOME });
  t.like(plain.values, { endpoint: 'https://huggingface.co', offline: false, token: false });
  const secret = 'hf_averysecrettoken';
  const offline = await hub({ HF_HOME, HF_TOKEN: secret, HF_HUB_OFFLINE: '1' });
  t.like(offline.values, { offline: true, token: true });
  const wrongToken = await hub({ HF_HOME, HF_TOKEN: `${secret} ${secret}` });
  const wrongAddress = await hub({ HF_HOME, HF_ENDPOINT: `https://me:${secret}@hub.example` });
  for (const found of [wrongToken, wrongAddress]) t.is(found.status, 'warning');
  t.regex(wrongAddress.text, /HF_ENDPOINT must be an address such as https:/);
  t.notRegex(JSON.stringify([offline, wrongToken, wrongAddress]), /verysecret/);
});

test('a process that dies while it loads the addon is told', async t => {
  const file = join(projectRoot, 'test', 'unit', 'cli', 'doctor', 'children', 'killed.ts');
  const state = await engineState(false, pathToFileURL(file));
  t.like(state, {
    loads: false,
    reason: 'the process ended with SIGKILL while the addon and its libtorch were being loaded',
  });
});

test('a check that fails is a warning, and keeps the others', async t => {
  const fact = await factOf('x', 'X', () => {
    throw new TypeError('x is\n  no function');
  });
  t.like(fact, { key: 'x', name: 'X', status: 'warning', text: 'could not be examined: x is no function' });
  t.is((await factOf('x', 'X', () => problem('gone', ['look']))).status, 'problem');
});
