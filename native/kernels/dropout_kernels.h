#pragma once

#include "dropout_mask.h"

namespace nerbert::kernels::CPU_CAPABILITY {

void drop(const DropoutMask&, float* data, int64_t width, int64_t begin, int64_t end);

}  // namespace nerbert::kernels::CPU_CAPABILITY
