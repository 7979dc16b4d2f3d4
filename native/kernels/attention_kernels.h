#pragma once

#include "table.h"

namespace nerbert::kernels::CPU_CAPABILITY {

template <class T>
void attention(const Attention<T>&, int64_t sequence, int64_t head, float* scratch);
template <class T>
void attention_backward(const Attention<T>&, int64_t sequence, int64_t head, float* scratch);
int64_t attention_scratch(int64_t longest, int64_t head_size);

}  // namespace nerbert::kernels::CPU_CAPABILITY
