// @ts-check

/**
 * What is taken out of a wheel or of libtorch's archive: headers, shared libraries and licences, laid out as wheels are so that
 * the libraries find each other ($ORIGIN/../../nvidia/…). Of Python there is nothing.
 */

const TOP = [/^torch\/include\//, /^torch\/share\/cmake\/Torch\//, /^torch\/(version\.py|build-version)$/];
const LICENCE = /\.dist-info\/(METADATA$|licenses\/|License|LICENSE)|^torch\/(LICENSE|NOTICE)/;
const SHARED_LIBRARY = /^(torch\/lib|torch\.libs|nvidia\/.+\/lib)\/[^/]+\.so[.\d]*$/;

/** Python's bindings and parts of its tests. */
const OF_PYTHON =
  /\/lib(torch_python|shm|torchbind_test|jitbackend_test|backend_with_compiler|aoti_custom_ops)\.so$/;

/** Of a CUDA build, what libtorch_cpu itself is linked against. */
const OF_CPU = /^torch\.libs\/|\/lib(torch_cpu|c10|gomp[-\w]*|cudart[-\w]*|cupti[-\w]*)\.so[.\d]*$/;

/**
 * Where a member of a wheel or archive goes in the cache's folder, or undefined if it stays out.
 * @param {string} member its path in the wheel or archive
 * @param {boolean} cpuPart take of a CUDA build only what the CPU needs
 */
export function destinationOf(member, cpuPart) {
  const path = member.replace(/^libtorch\//, 'torch/');
  if (path.endsWith('/')) return undefined;
  if (LICENCE.test(path) || TOP.some(pattern => pattern.test(path))) return path;
  if (!SHARED_LIBRARY.test(path) || OF_PYTHON.test(path)) return undefined;
  return cpuPart && !OF_CPU.test(path) ? undefined : path;
}

/**
 * The requirements of a torch wheel that are NVIDIA's libraries, in pip's form. They are nvidia-* packages, or extras of
 * cuda-toolkit, which stands for them.
 * @param {string} metadata the wheel's METADATA
 * @param {boolean} cpuPart only those that libtorch_cpu is linked against: the CUDA runtime and CUPTI
 */
export function nvidiaRequirements(metadata, cpuPart) {
  const required = [...metadata.matchAll(/^Requires-Dist: (.+)$/gm)].map(match => match[1] ?? '');
  const nvidia = required.filter(line => /^(nvidia-|cuda-toolkit)/.test(line) && !/;.*\bextra\b/.test(line));
  if (!cpuPart) return nvidia;
  return nvidia
    .filter(line => /^(nvidia-cuda-(runtime|cupti)|cuda-toolkit)/.test(line))
    .map(line => line.replace(/^cuda-toolkit\[[^\]]*\]/, 'cuda-toolkit[cudart,cupti]'));
}
