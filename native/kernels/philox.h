#pragma once

#include <cstdint>

namespace nerbert::kernels {

// Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3"
// (SC 2011): four independent 32-bit numbers from a 128-bit counter and a 64-bit key, with no state to keep.
// `Lanes` counters that differ in their first word alone are computed side by side, so that the compiler can
// vectorise; output word w of lane l is out[w][l]. Static: each CPU capability keeps its own copy.
template <int Lanes>
static inline void philox4x32(uint32_t first_counter, uint32_t c1, uint32_t c2, uint32_t c3, uint64_t key,
                              uint32_t (&out)[4][Lanes]) {
  for (int lane = 0; lane < Lanes; lane++) {
    out[0][lane] = first_counter + static_cast<uint32_t>(lane);
    out[1][lane] = c1;
    out[2][lane] = c2;
    out[3][lane] = c3;
  }
  auto key_low = static_cast<uint32_t>(key);
  auto key_high = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; round++) {
    for (int lane = 0; lane < Lanes; lane++) {
      const uint64_t product0 = uint64_t{0xD2511F53} * out[0][lane];
      const uint64_t product1 = uint64_t{0xCD9E8D57} * out[2][lane];
      const uint32_t x1 = out[1][lane];
      const uint32_t x3 = out[3][lane];
      out[0][lane] = static_cast<uint32_t>(product1 >> 32) ^ x1 ^ key_low;
      out[1][lane] = static_cast<uint32_t>(product1);
      out[2][lane] = static_cast<uint32_t>(product0 >> 32) ^ x3 ^ key_high;
      out[3][lane] = static_cast<uint32_t>(product0);
    }
    key_low += 0x9E3779B9;
    key_high += 0xBB67AE85;
  }
}

}  // namespace nerbert::kernels
