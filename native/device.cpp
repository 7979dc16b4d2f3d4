#include "device.h"

#include <ATen/Context.h>
#include <dlfcn.h>

#include "failure.h"

namespace nerbert {

int cuda_device_count() {
  if (!at::hasCUDA()) return 0;
  return static_cast<int>(at::detail::getCUDAHooks().deviceCount());
}

int cuda_capability(int index) {
  // From the driver itself: libtorch tells it through headers of the CUDA toolkit alone.
  constexpr int kMajor = 75;  // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
  constexpr int kMinor = 76;
  void* driver = dlopen("libcuda.so.1", RTLD_NOW);
  if (driver == nullptr) return 0;
  const auto init = reinterpret_cast<int (*)(unsigned)>(dlsym(driver, "cuInit"));
  const auto get_device = reinterpret_cast<int (*)(int*, int)>(dlsym(driver, "cuDeviceGet"));
  const auto get_attribute = reinterpret_cast<int (*)(int*, int, int)>(dlsym(driver, "cuDeviceGetAttribute"));
  if (init == nullptr || get_device == nullptr || get_attribute == nullptr) return 0;
  int device = 0;
  int major = 0;
  int minor = 0;
  const bool known = init(0) == 0 && get_device(&device, index) == 0 &&
                     get_attribute(&major, kMajor, device) == 0 && get_attribute(&minor, kMinor, device) == 0;
  return known ? 10 * major + minor : 0;
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
