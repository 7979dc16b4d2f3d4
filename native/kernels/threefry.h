#pragma once

#include <cstdint>

namespace nerbert::kernels {

// Threefry4x32-20, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2,
// 3" (SC 2011): four independent 32-bit numbers from a 128-bit counter and a 128-bit key, with no state to
// keep. It needs sums, rotations and exclusive ors alone, which every vector unit has for 32-bit lanes.
// `Lanes` counters that differ in their first word alone are computed side by side, so that the compiler can
// vectorise; output word w of lane l is out[w][l]. Static: each CPU capability keeps its own copy.
template <int Lanes>
static inline void threefry4x32(uint32_t first_counter, uint32_t c1, uint32_t c2, uint32_t c3,
                                const uint32_t (&key)[4], uint32_t (&out)[4][Lanes]) {
  constexpr int kRotations[8][2] = {{10, 26}, {11, 21}, {13, 27}, {23, 5},
                                    {6, 20},  {17, 11}, {25, 10}, {18, 20}};
  const uint32_t keys[5] = {key[0], key[1], key[2], key[3], 0x1BD11BDA ^ key[0] ^ key[1] ^ key[2] ^ key[3]};
  const auto rotated = [](uint32_t word, int bits) { return word << bits | word >> (32 - bits); };
  for (int lane = 0; lane < Lanes; lane++) {
    uint32_t words[4] = {first_counter + static_cast<uint32_t>(lane) + keys[0], c1 + keys[1], c2 + keys[2],
                         c3 + keys[3]};
#pragma GCC unroll 20
    for (int round = 0; round < 20; round++) {
      uint32_t& second = words[round % 2 == 0 ? 1 : 3];
      uint32_t& fourth = words[round % 2 == 0 ? 3 : 1];
      words[0] += second;
      second = rotated(second, kRotations[round % 8][0]) ^ words[0];
      words[2] += fourth;
      fourth = rotated(fourth, kRotations[round % 8][1]) ^ words[2];
      if (round % 4 != 3) continue;
      const int injection = round / 4 + 1;
      for (int word = 0; word < 4; word++) words[word] += keys[(injection + word) % 5];
      words[3] += static_cast<uint32_t>(injection);
    }
    for (int word = 0; word < 4; word++) out[word][lane] = words[word];
  }
}

}  // namespace nerbert::kernels
