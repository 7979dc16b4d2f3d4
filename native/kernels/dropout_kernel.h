#pragma once

#include <cstdint>

namespace nerbert::kernels {

// Counters that are computed side by side, and elements that they decide: each gives four words of two
// numbers. An element's place within the whole tensor, not the thread that reaches it, determines its number.
inline constexpr int kDropoutLanes = 32;
inline constexpr int64_t kDropoutGroup = 4 * 2 * kDropoutLanes;

// Where in the counter space a mask lies.
struct DropoutCounter {
  uint64_t key;          // the seed
  uint32_t first_group;  // of element 0
  uint32_t site;         // which dropout of the model
  uint32_t micro_batch;  // within the step
  uint32_t step;
};

// data[i] becomes data[i] / (1 - rate) with probability 1 - rate, else 0, in the groups from `begin` up to
// `end`; `size` is the length of the whole of data. Numbers have 16 bits: the rate is rounded to a multiple
// of 2^-16, and the scale with it, so that the expectation is exact.
using DropoutKernel = void (*)(float* data, int64_t size, int64_t begin, int64_t end, double rate,
                               const DropoutCounter& counter);

// The same function compiled for each CPU capability; all give the same bits.
void dropout_default(float*, int64_t, int64_t, int64_t, double, const DropoutCounter&);
void dropout_avx2(float*, int64_t, int64_t, int64_t, double, const DropoutCounter&);
void dropout_avx512(float*, int64_t, int64_t, int64_t, double, const DropoutCounter&);

}  // namespace nerbert::kernels
