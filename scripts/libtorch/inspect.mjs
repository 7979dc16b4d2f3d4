// @ts-check
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { InstallError } from '../failure.mjs';
import { isSupported, SUPPORTED_RANGE } from './versions.mjs';

/**
 * A libtorch that nerbert can be built against.
 * @typedef {object} Libtorch
 * @property {string} root folder that holds include/ and lib/
 * @property {string} version such as 2.13.0
 * @property {string} build version with its local tag, such as 2.13.0+cu130, where libtorch tells it
 * @property {boolean} cuda whether libtorch_cpu is that of a CUDA build
 * @property {string} gomp the OpenMP runtime that libtorch_cpu uses
 */

const REMEDY = `point NERBERT_LIBTORCH to libtorch ${SUPPORTED_RANGE}: the unpacked libtorch archive, or the folder of Python's torch package`;

/**
 * Looks at a folder that should be libtorch's archive or Python's torch package.
 * @param {string} folder
 * @returns {Libtorch}
 * @throws {InstallError} naming what is missing
 */
export function inspectLibtorch(folder) {
  const root = resolve(folder);
  for (const part of ['lib/libtorch_cpu.so', 'lib/libc10.so', 'include/ATen/ATen.h']) {
    if (!existsSync(join(root, part)))
      throw new InstallError(`there is no ${part} in the libtorch folder ${root}`, [REMEDY]);
  }
  const version = readVersion(root);
  if (!isSupported(version))
    throw new InstallError(
      `libtorch ${version} in ${root} is not supported: nerbert needs ${SUPPORTED_RANGE}`,
      [REMEDY],
    );
  if (!usesNewAbi(root))
    throw new InstallError(
      `libtorch in ${root} was built with the old C++ ABI (_GLIBCXX_USE_CXX11_ABI=0), which nerbert cannot link against`,
      [
        'take the archive whose name has "cxx11-abi" or a version from 2.8 on (all of them have the new ABI)',
        REMEDY,
      ],
    );
  const gomp = findGomp(root);
  if (gomp === undefined)
    throw new InstallError(`libtorch in ${root} comes without its OpenMP runtime (lib/libgomp*.so)`, [
      REMEDY,
    ]);
  return { root, version, build: readBuild(root) ?? version, cuda: isCudaBuild(root), gomp };
}

/** @param {string} root */
function readVersion(root) {
  const headers = ['torch/headeronly/version.h', 'torch/csrc/api/include/torch/version.h'];
  for (const header of headers) {
    const file = join(root, 'include', header);
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const numbers = ['MAJOR', 'MINOR', 'PATCH'].map(
      part => new RegExp(`#define TORCH_VERSION_${part} (\\d+)`).exec(text)?.[1],
    );
    if (numbers.every(number => number !== undefined)) return numbers.join('.');
  }
  throw new InstallError(`the version of libtorch in ${root} cannot be read from include/${headers[0]}`, [
    REMEDY,
  ]);
}

/** @param {string} root */
function readBuild(root) {
  const archive = join(root, 'build-version');
  if (existsSync(archive)) return readFileSync(archive, 'utf8').trim();
  const python = join(root, 'version.py');
  return existsSync(python) ? /^__version__ = '([^']+)'/m.exec(readFileSync(python, 'utf8'))?.[1] : undefined;
}

/**
 * TorchConfig.cmake named the ABI up to 2.7; after that only the symbols tell.
 * @param {string} root
 */
function usesNewAbi(root) {
  const config = join(root, 'share', 'cmake', 'Torch', 'TorchConfig.cmake');
  if (existsSync(config) && /_GLIBCXX_USE_CXX11_ABI=0/.test(readFileSync(config, 'utf8'))) return false;
  return readFileSync(join(root, 'lib', 'libc10.so')).includes('NSt7__cxx1112basic_string');
}

/**
 * Archives carry lib/libgomp-<hash>.so.1, wheels lib/libgomp.so.1, some wheels torch.libs/libgomp-<hash>.so.1 beside the package.
 * @param {string} root
 */
function findGomp(root) {
  for (const folder of [join(root, 'lib'), join(root, '..', 'torch.libs')]) {
    if (!existsSync(folder)) continue;
    const name = readdirSync(folder).find(file => /^libgomp(-[0-9a-f]+)?\.so/.test(file));
    if (name !== undefined) return join(folder, name);
  }
  return undefined;
}

/**
 * Whether libtorch_cpu needs the CUDA runtime. The part of a CUDA build that the CPU needs has no libtorch_cuda beside it.
 * @param {string} root
 */
function isCudaBuild(root) {
  if (existsSync(join(root, 'lib', 'libc10_cuda.so'))) return true;
  const config = join(root, 'include', 'c10', 'cuda', 'impl', 'cuda_cmake_macros.h');
  return existsSync(config);
}
