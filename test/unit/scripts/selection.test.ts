import test from 'ava';
import { destinationOf, nvidiaRequirements } from '../../../scripts/libtorch/selection.mjs';

test('headers, libraries, the CMake configuration and licences are taken, Python is not', t => {
  const taken = [
    'torch/include/ATen/ATen.h',
    'torch/lib/libtorch_cpu.so',
    'torch/lib/libc10.so',
    'torch/lib/libgomp.so.1',
    'torch/lib/libtorch_cuda.so',
    'torch.libs/libgomp-24e2ab19.so.1.0.0',
    'torch/share/cmake/Torch/TorchConfig.cmake',
    'torch/version.py',
    'torch-2.13.0.dist-info/METADATA',
    'torch-2.13.0.dist-info/licenses/third_party/sleef/LICENSE.txt',
    'nvidia/cu13/lib/libcublas.so.13',
    'nvidia/cuda_runtime/lib/libcudart.so.12',
    'nvidia_cublas-13.1.1.3.dist-info/licenses/License.txt',
  ];
  for (const member of taken) t.is(destinationOf(member, false), member);
  const left = [
    'torch/__init__.py',
    'torch/_C.cpython-311-x86_64-linux-gnu.so',
    'torch/lib/libtorch_python.so',
    'torch/lib/libshm.so',
    'torch/bin/protoc',
    'torch/include/',
    'torchgen/model.py',
    'nvidia/cu13/include/cuda.h',
    'torch-2.13.0.dist-info/RECORD',
  ];
  for (const member of left) t.is(destinationOf(member, false), undefined, member);
});

test("the archive's folder takes the place of the torch package", t => {
  t.is(destinationOf('libtorch/lib/libtorch_cpu.so', false), 'torch/lib/libtorch_cpu.so');
  t.is(destinationOf('libtorch/include/c10/macros/Macros.h', false), 'torch/include/c10/macros/Macros.h');
  t.is(destinationOf('libtorch/build-version', false), 'torch/build-version');
  t.is(destinationOf('libtorch/lib/libdnnl.a', false), undefined);
});

test('of a CUDA build the CPU needs libtorch_cpu, libc10, libgomp, the CUDA runtime and CUPTI', t => {
  const members = [
    'torch/lib/libtorch_cpu.so',
    'torch/lib/libc10.so',
    'torch/lib/libgomp.so.1',
    'torch/lib/libc10_cuda.so',
    'torch/lib/libtorch_cuda.so',
    'torch/lib/libtorch_nvshmem.so',
    'nvidia/cu13/lib/libcudart.so.13',
    'nvidia/cu13/lib/libcupti.so.13',
    'nvidia/cu13/lib/libnvperf_host.so',
  ];
  t.deepEqual(
    members.filter(member => destinationOf(member, true) !== undefined),
    [members[0], members[1], members[2], members[6], members[7]],
  );
});

test("NVIDIA's packages are read from the wheel's metadata, as extras of cuda-toolkit or one by one", t => {
  const cuda13 = `Metadata-Version: 2.4
Name: torch
Requires-Dist: sympy>=1.13.3
Requires-Dist: cuda-toolkit[cublas,cudart,cupti]==13.0.3; platform_system == "Linux"
Requires-Dist: cuda-bindings<14,>=13.0.3; platform_system == "Linux"
Requires-Dist: nvidia-cudnn-cu13==9.24.0.43; platform_system == "Linux"
Requires-Dist: triton~=3.8.0; platform_system == "Linux"
Requires-Dist: optree>=0.13.0; extra == "optree"
`;
  t.deepEqual(nvidiaRequirements(cuda13, true), [
    'cuda-toolkit[cudart,cupti]==13.0.3; platform_system == "Linux"',
  ]);
  t.deepEqual(nvidiaRequirements(cuda13, false), [
    'cuda-toolkit[cublas,cudart,cupti]==13.0.3; platform_system == "Linux"',
    'nvidia-cudnn-cu13==9.24.0.43; platform_system == "Linux"',
  ]);
  const cuda12 = `Requires-Dist: nvidia-cuda-nvrtc-cu12==12.8.93; platform_system == "Linux"
Requires-Dist: nvidia-cuda-runtime-cu12==12.8.90; platform_system == "Linux"
Requires-Dist: nvidia-cuda-cupti-cu12==12.8.90; platform_system == "Linux"
`;
  t.deepEqual(nvidiaRequirements(cuda12, true), [
    'nvidia-cuda-runtime-cu12==12.8.90; platform_system == "Linux"',
    'nvidia-cuda-cupti-cu12==12.8.90; platform_system == "Linux"',
  ]);
  t.is(nvidiaRequirements(cuda12, false).length, 3);
  t.deepEqual(nvidiaRequirements('Name: torch\nRequires-Dist: sympy>=1.13.3\n', false), []);
});
