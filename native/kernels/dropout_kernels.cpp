#include "dropout_kernels.h"

#include <vector>

#include "draw_mask.h"

namespace nerbert::kernels::CPU_CAPABILITY {

void drop(const DropoutMask& mask, float* data, int64_t width, int64_t begin, int64_t end) {
  std::vector<float> multipliers(dropout_groups(width) * kDropoutGroup);
  for (int64_t row = begin; row < end; row++) {
    row_multipliers(mask, row, width, multipliers.data());
    float* element = data + row * width;
    for (int64_t i = 0; i < width; i++) element[i] *= multipliers[i];
  }
}

}  // namespace nerbert::kernels::CPU_CAPABILITY
