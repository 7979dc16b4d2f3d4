#include "dropout_kernel.h"

#include <algorithm>

#include "philox.h"

#if defined(CPU_CAPABILITY_AVX512)
#define NERBERT_DROPOUT dropout_avx512
#elif defined(CPU_CAPABILITY_AVX2)
#define NERBERT_DROPOUT dropout_avx2
#else
#define NERBERT_DROPOUT dropout_default
#endif

namespace nerbert::kernels {

void NERBERT_DROPOUT(float* data, int64_t size, int64_t begin, int64_t end, double rate,
                     const DropoutCounter& counter) {
  constexpr int kLanes = kDropoutGroup / 4;
  const auto threshold = static_cast<uint32_t>(rate * 4294967296.0);  // dropped where the number lies below
  const auto scale = static_cast<float>(1.0 / (1.0 - rate));
  for (int64_t group = begin; group < end; group++) {
    uint32_t random[4][kLanes];
    philox4x32<kLanes>((counter.first_group + static_cast<uint32_t>(group)) * kLanes, counter.site,
                       counter.micro_batch, counter.step, counter.key, random);
    const uint32_t* number = &random[0][0];
    float* element = data + group * kDropoutGroup;
    const int64_t count = std::min(kDropoutGroup, size - group * kDropoutGroup);
    if (count == kDropoutGroup) {
      for (int i = 0; i < kDropoutGroup; i++) element[i] = number[i] < threshold ? 0.0f : element[i] * scale;
    } else {
      for (int64_t i = 0; i < count; i++) element[i] = number[i] < threshold ? 0.0f : element[i] * scale;
    }
  }
}

}  // namespace nerbert::kernels
