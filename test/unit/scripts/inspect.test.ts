import { join } from 'node:path';
import test from 'ava';
import { InstallError } from '../../../scripts/failure.mjs';
import { inspectLibtorch } from '../../../scripts/libtorch/inspect.mjs';
import { libtorchFiles, temporaryFolder, writeTree } from './fake-libtorch.ts';

test('an unpacked archive is accepted, with its build from build-version', t => {
  const root = writeTree(temporaryFolder(t), {
    ...libtorchFiles('2.13.0'),
    'build-version': '2.13.0+cpu\n',
  });
  t.deepEqual(inspectLibtorch(root), {
    root,
    version: '2.13.0',
    build: '2.13.0+cpu',
    cuda: false,
    gomp: join(root, 'lib', 'libgomp.so.1'),
  });
});

test("Python's torch package is accepted, with its build from version.py and libgomp beside it", t => {
  const site = temporaryFolder(t);
  const { 'lib/libgomp.so.1': _, ...files } = libtorchFiles('2.14.1');
  const root = writeTree(join(site, 'torch'), {
    ...files,
    'version.py': "from typing import Optional\n\n__version__ = '2.14.1+cu130'\n",
    'include/c10/cuda/impl/cuda_cmake_macros.h': '',
  });
  writeTree(site, { 'torch.libs/libgomp-24e2ab19.so.1.0.0': '' });
  const libtorch = inspectLibtorch(root);
  t.is(libtorch.build, '2.14.1+cu130');
  t.true(libtorch.cuda);
  t.is(libtorch.gomp, join(root, '..', 'torch.libs', 'libgomp-24e2ab19.so.1.0.0'));
});

test('the versions from 2.11 to 2.14 are accepted, those around are refused with the range', t => {
  const inspect = (version: string) =>
    inspectLibtorch(writeTree(temporaryFolder(t), libtorchFiles(version))).version;
  for (const version of ['2.11.0', '2.12.1', '2.14.1']) t.is(inspect(version), version);
  for (const version of ['1.13.1', '2.10.0', '2.15.0', '3.12.0']) {
    const error = t.throws(() => inspect(version), { instanceOf: InstallError });
    t.true(error?.message.includes(`libtorch ${version}`) && error.message.includes('2.11 to 2.14'));
    t.true(error?.remedies.some(remedy => remedy.includes('NERBERT_LIBTORCH')));
  }
});

test('what a folder lacks is named', t => {
  for (const file of ['lib/libtorch_cpu.so', 'lib/libc10.so', 'include/ATen/ATen.h']) {
    const { [file]: _, ...rest } = libtorchFiles('2.13.0');
    const root = writeTree(temporaryFolder(t), rest);
    t.throws(() => inspectLibtorch(root), { instanceOf: InstallError, message: new RegExp(`no ${file}`) });
  }
  const { 'lib/libgomp.so.1': _, ...withoutGomp } = libtorchFiles('2.13.0');
  t.throws(() => inspectLibtorch(writeTree(temporaryFolder(t), withoutGomp)), { message: /libgomp/ });
  const withoutVersion = { ...libtorchFiles('2.13.0'), 'include/torch/headeronly/version.h': '' };
  t.throws(() => inspectLibtorch(writeTree(temporaryFolder(t), withoutVersion)), { message: /version/ });
  t.throws(() => inspectLibtorch('/nowhere/at/all'), {
    message: /no lib\/libtorch_cpu\.so .*\/nowhere\/at\/all/,
  });
});

test('the old C++ ABI is refused, by TorchConfig.cmake and by the symbols', t => {
  const told = {
    ...libtorchFiles('2.11.0'),
    'share/cmake/Torch/TorchConfig.cmake': 'set(TORCH_CXX_FLAGS "-D_GLIBCXX_USE_CXX11_ABI=0")\n',
  };
  const seen = { ...libtorchFiles('2.11.0'), 'lib/libc10.so': '_ZN3c105ErrorC1ENS_14SourceLocationESs' };
  for (const files of [told, seen]) {
    const root = writeTree(temporaryFolder(t), files);
    t.throws(() => inspectLibtorch(root), { instanceOf: InstallError, message: /old C\+\+ ABI/ });
  }
});
