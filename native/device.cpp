#include "device.h"

#include <ATen/Context.h>

#include "failure.h"

namespace nerbert {

int cuda_device_count() {
  if (!at::hasCUDA()) return 0;
  return static_cast<int>(at::detail::getCUDAHooks().deviceCount());
}

c10::Device usable_device(const std::string& name) {
  if (name == "cpu") return c10::Device(c10::kCPU);
  const int count = cuda_device_count();
  if (!at::hasCUDA()) {
    throw Error(kDeviceError,
                "Expected a libtorch with CUDA for the device \"" + name +
                    "\" but the one in use computes on the CPU alone, or this machine has no NVIDIA "
                    "driver. Install a CUDA build of PyTorch and the driver, then run `npm rebuild "
                    "nerbert`, or choose the device \"cpu\"");
  }
  const int index = name == "cuda" ? 0 : std::stoi(name.substr(5));
  if (index >= count) {
    throw Error(kDeviceError,
                "Expected a GPU for the device \"" + name + "\" but libtorch sees " + std::to_string(count) +
                    ". Check `nvidia-smi` and CUDA_VISIBLE_DEVICES, or choose the device \"cpu\"");
  }
  return c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index));
}

}  // namespace nerbert
