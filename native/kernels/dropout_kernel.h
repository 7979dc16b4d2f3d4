#pragma once

#include <cstdint>

namespace nerbert::kernels {

// Elements that one group of counters decides. An element's place within the whole tensor, not the thread that
// reaches it, determines its number.
inline constexpr int64_t kDropoutGroup = 64;

// Where in the counter space a mask lies.
struct DropoutCounter {
  uint64_t key;          // the seed
  uint32_t first_group;  // of element 0
  uint32_t site;         // which dropout of the model
  uint32_t micro_batch;  // within the step
  uint32_t step;
};

// data[i] becomes data[i] / (1 - rate) with probability 1 - rate, else 0, for the elements of `groups` groups from
// group `begin` on; `size` is the length of the whole of data.
using DropoutKernel = void (*)(float* data, int64_t size, int64_t begin, int64_t end, double rate,
                               const DropoutCounter& counter);

// The same function compiled for each CPU capability; all give the same bits.
void dropout_default(float*, int64_t, int64_t, int64_t, double, const DropoutCounter&);
void dropout_avx2(float*, int64_t, int64_t, int64_t, double, const DropoutCounter&);
void dropout_avx512(float*, int64_t, int64_t, int64_t, double, const DropoutCounter&);

}  // namespace nerbert::kernels
