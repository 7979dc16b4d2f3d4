#pragma once

#include <cstdint>

#include "dropout_mask.h"
#include "threefry.h"

namespace nerbert::kernels::CPU_CAPABILITY {

// The multipliers of one group: 0 or mask.scale.
inline void group_multipliers(const DropoutMask& mask, uint32_t group, float* out) {
  constexpr int64_t kHalf = kDropoutGroup / 2;
  uint32_t random[4][kDropoutLanes];
  threefry4x32<kDropoutLanes>((mask.first_group + group) * kDropoutLanes, mask.site, mask.part, mask.step,
                              {static_cast<uint32_t>(mask.key), static_cast<uint32_t>(mask.key >> 32), 0, 0},
                              random);
  // Copies, so that the compiler knows that `out` does not overlap them.
  const uint32_t threshold = mask.threshold;
  const float scale = mask.scale;
  // The low halves of all words decide the first half of the group, the high halves the second.
  const uint32_t* words = &random[0][0];
  for (int64_t i = 0; i < kHalf; i++) out[i] = (words[i] & 0xFFFF) < threshold ? 0.0f : scale;
  for (int64_t i = 0; i < kHalf; i++) out[kHalf + i] = (words[i] >> 16) < threshold ? 0.0f : scale;
}

// The multipliers of row `row` of a matrix: each row begins a group. `out` has room for whole groups.
inline void row_multipliers(const DropoutMask& mask, int64_t row, int64_t width, float* out) {
  const auto groups = static_cast<uint32_t>(dropout_groups(width));
  for (uint32_t group = 0; group < groups; group++) {
    group_multipliers(mask, static_cast<uint32_t>(row) * groups + group, out + group * kDropoutGroup);
  }
}

}  // namespace nerbert::kernels::CPU_CAPABILITY
