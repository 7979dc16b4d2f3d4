#pragma once

#include "table.h"

namespace nerbert::kernels::CPU_CAPABILITY {

template <class T>
void activate(const ActivationPass<T>&, int64_t begin, int64_t end);
template <class T>
void activate_backward(const ActivationPass<T>&, int64_t begin, int64_t end, float* sums);

}  // namespace nerbert::kernels::CPU_CAPABILITY
