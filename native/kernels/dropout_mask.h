#pragma once

#include <cstdint>

namespace nerbert::kernels {

// Counters that are computed side by side, and elements that they decide: each gives four words of two
// numbers. An element's place, not the thread that reaches it, determines its number.
inline constexpr int kDropoutLanes = 32;
inline constexpr int64_t kDropoutGroup = 4 * 2 * kDropoutLanes;
inline constexpr int64_t dropout_groups(int64_t elements) {
  return (elements + kDropoutGroup - 1) / kDropoutGroup;
}

// One mask: an element is multiplied by 0 with the probability threshold / 2^16, else by scale. Numbers have
// 16 bits, and the scale follows the rounded rate, so that the expectation is exact.
struct DropoutMask {
  uint64_t key;          // the seed
  uint32_t first_group;  // of element 0
  uint32_t site;         // which dropout of the model
  uint32_t part;         // of the step's sequences
  uint32_t step;
  uint32_t threshold;  // 0: nothing is dropped
  float scale;

  bool drops() const { return threshold > 0; }
};

}  // namespace nerbert::kernels
