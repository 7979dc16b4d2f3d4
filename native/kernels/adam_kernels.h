#pragma once

#include "table.h"

namespace nerbert::kernels::CPU_CAPABILITY {

void adam(const AdamUpdate&, int64_t begin, int64_t end);
void scale(float* data, float factor, int64_t size);
double sum_of_squares(const float* data, int64_t size);

}  // namespace nerbert::kernels::CPU_CAPABILITY
