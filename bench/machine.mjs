// @ts-check
/* Where the measurements are made. */
import { availableParallelism, cpus } from 'node:os';
import { autoDtype } from '../dist/engine/auto-dtype.js';
import { libtorchInfo, loadNative } from '../dist/engine/native.js';

/** Of one minute. What else runs at such a load shows in the results of few cores. */
const HIGH_LOAD = 0.5;

/** Variables that choose the instructions of ATen, MKL and oneDNN, on both sides, and our own libraries. */
const VARIABLES = [
  'ATEN_CPU_CAPABILITY',
  'MKL_ENABLE_INSTRUCTIONS',
  'ONEDNN_MAX_CPU_ISA',
  'NERBERT_MATRIX_PATH',
  'NERBERT_KERNELS',
];

/** Threads of both sides: OMP_NUM_THREADS, else the cores, which children then inherit. */
export function shareThreads() {
  process.env.OMP_NUM_THREADS ??= `${availableParallelism()}`;
  return loadNative().runtimeInfo().threads;
}

/** Why bfloat16 is not measured; undefined where the hardware computes in it. */
export function bfloat16Missing() {
  const { dtype, reason } = autoDtype('cpu', { cudaCapabilities: [] });
  if (dtype === 'float32') return reason;
  const allowed = process.env.ONEDNN_MAX_CPU_ISA;
  return allowed && !/BF16|AMX|DEFAULT|ALL/i.test(allowed) ? `ONEDNN_MAX_CPU_ISA is ${allowed}` : undefined;
}

/** @param {import('./reference.mjs').Peak | undefined} python @param {number[]} load before anything was measured */
export function describeMachine(python, load) {
  const { cpuCapability, threads } = loadNative().runtimeInfo();
  const [lately = 0] = load;
  return {
    cpu: cpus()[0]?.model ?? 'unknown CPU',
    cores: cpus().length,
    threads,
    capability: cpuCapability,
    node: process.version,
    libtorch: libtorchInfo().version,
    python,
    load,
    warning: lately > HIGH_LOAD ? `other work is going on: load average ${lately.toFixed(2)}` : undefined,
    variables: Object.fromEntries(
      VARIABLES.flatMap(name => (process.env[name] ? [[name, process.env[name]]] : [])),
    ),
  };
}

/** @param {ReturnType<typeof describeMachine>} machine */
export function machineText({ python, variables, warning, ...machine }) {
  const named = (/** @type {number} */ count, /** @type {string} */ name) =>
    `${count} ${name}${count === 1 ? '' : 's'}`;
  const peaks = Object.entries({ float32: python?.float32, bfloat16: python?.bfloat16 }).flatMap(
    ([dtype, speed]) => (speed === undefined ? [] : `${Math.round(speed / 1e9)} GFLOP/s in ${dtype}`),
  );
  return [
    `${machine.cpu}, ${named(machine.cores, 'core')}, ${named(machine.threads, 'thread')}, ${machine.capability}`,
    `Node.js ${machine.node}, libtorch ${machine.libtorch}`,
    ...(python
      ? [
          `Python: torch ${python.torch}, transformers ${python.transformers}, ${python.capability}`,
          `Products of matrices: ${peaks.join(', ')}`,
        ]
      : []),
    `Load average: ${machine.load.map(load => load.toFixed(2)).join(' ')}`,
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    ...(warning ? [`WARNING: ${warning}`] : []),
  ].join('\n');
}
