#include "dropout_kernel.h"

#include <algorithm>
#include <cmath>

#include "philox.h"

#if defined(CPU_CAPABILITY_AVX512)
#define NERBERT_DROPOUT dropout_avx512
#elif defined(CPU_CAPABILITY_AVX2)
#define NERBERT_DROPOUT dropout_avx2
#else
#define NERBERT_DROPOUT dropout_default
#endif

namespace nerbert::kernels {
namespace {

// Drops elements by the 16 bits of each word from `shift` on; nothing where `count` is not positive.
inline void drop(float* element, int64_t count, const uint32_t* word, uint32_t shift, uint32_t threshold,
                 float scale) {
  for (int64_t i = 0; i < count; i++) {
    element[i] = ((word[i] >> shift) & 0xFFFF) < threshold ? 0.0f : element[i] * scale;
  }
}

}  // namespace

void NERBERT_DROPOUT(float* data, int64_t size, int64_t begin, int64_t end, double rate,
                     const DropoutCounter& counter) {
  constexpr int64_t kHalf = kDropoutGroup / 2;
  const auto threshold =
      static_cast<uint32_t>(std::lround(rate * 65536));  // dropped where the number lies below
  const auto scale = static_cast<float>(65536.0 / (65536.0 - threshold));
  for (int64_t group = begin; group < end; group++) {
    uint32_t random[4][kDropoutLanes];
    philox4x32<kDropoutLanes>((counter.first_group + static_cast<uint32_t>(group)) * kDropoutLanes,
                              counter.site, counter.micro_batch, counter.step, counter.key, random);
    // The low halves of all words decide the first half of the group, the high halves the second.
    float* element = data + group * kDropoutGroup;
    const int64_t left = size - group * kDropoutGroup;
    const uint32_t* words = &random[0][0];
    if (left >= kDropoutGroup) {
      drop(element, kHalf, words, 0, threshold, scale);
      drop(element + kHalf, kHalf, words, 16, threshold, scale);
    } else {
      drop(element, std::min(left, kHalf), words, 0, threshold, scale);
      drop(element + kHalf, left - kHalf, words, 16, threshold, scale);
    }
  }
}

}  // namespace nerbert::kernels
