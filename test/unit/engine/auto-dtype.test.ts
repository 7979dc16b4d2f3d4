import test from 'ava';
import { autoDtype } from '../../../src/engine/auto-dtype.ts';

const cpuinfo = (flags: string) =>
  `processor\t: 0\nmodel name\t: CPU\nflags\t\t: fpu ${flags} sse2\nbugs\t\t:\n`;
const none = { cudaCapabilities: [] };

for (const [flags, dtype, reason] of [
  ['avx512f avx512_bf16', 'bfloat16', 'the CPU has avx512_bf16'],
  ['avx512_bf16 amx_bf16 amx_tile', 'bfloat16', 'the CPU has amx_bf16'],
  ['avx512f avx512_vnni', 'float32', 'the CPU has no instructions for bfloat16'],
] as const) {
  test(`a CPU with ${flags} computes in ${dtype}`, t => {
    t.deepEqual(autoDtype('cpu', none, cpuinfo(flags)), { dtype, reason });
  });
}

test('a CPU that does not tell computes in float32', t => {
  t.is(autoDtype('cpu', none, '').dtype, 'float32');
});

test('GPUs from compute capability 8.0 on compute in bfloat16', t => {
  const runtime = { cudaCapabilities: [75, 80, 90, 0] };
  const choice = (device: string) => autoDtype(device, runtime, '');
  t.deepEqual(choice('cuda'), {
    dtype: 'float32',
    reason: 'the GPU has compute capability 7.5, and bfloat16 needs 8.0',
  });
  t.deepEqual(choice('cuda:1'), { dtype: 'bfloat16', reason: 'the GPU has compute capability 8.0' });
  t.is(choice('cuda:2').dtype, 'bfloat16');
  t.is(choice('cuda:3').dtype, 'float32');
  t.is(choice('cuda:9').dtype, 'float32');
});
