#pragma once

#include <c10/core/Device.h>

#include <string>

namespace nerbert {

// "cpu", "cuda" or "cuda:N" -> a device that can be used now. Throws ERR_DEVICE with the remedy where it
// cannot.
c10::Device usable_device(const std::string& name);

// Number of CUDA GPUs that libtorch sees; 0 without a CUDA build or a driver.
int cuda_device_count();

// Compute capability of a GPU times 10, such as 80 for Ampere; 0: unknown.
int cuda_capability(int index);

}  // namespace nerbert
