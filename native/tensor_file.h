#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace nerbert {

// Reads `destination.numel()` little-endian elements of `type` from a byte offset of a file and widens or
// narrows them into a contiguous float32 tensor on the CPU. Throws ERR_IO with the file's name.
void read_tensor(const std::string& file, int64_t offset, at::ScalarType type, const at::Tensor& destination);

// Writes the elements of a contiguous CPU tensor at a byte offset of an existing file. Throws ERR_IO.
void write_tensor(const std::string& file, int64_t offset, const at::Tensor& source);

}  // namespace nerbert
