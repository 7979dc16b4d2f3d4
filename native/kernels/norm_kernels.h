#pragma once

#include "table.h"

namespace nerbert::kernels::CPU_CAPABILITY {

template <class T>
void residual_norm(const ResidualNorm<T>&, int64_t begin, int64_t end);
template <class T>
void norm_output(const NormOutput<T>&, int64_t begin, int64_t end);
template <class T>
void residual_norm_backward(const ResidualNormBackward<T>&, int64_t begin, int64_t end, float* sums);
void embedding_norm(const EmbeddingNorm&, int64_t begin, int64_t end);
void embedding_norm_backward(const EmbeddingNormBackward&, int64_t begin, int64_t end, float* sums);

}  // namespace nerbert::kernels::CPU_CAPABILITY
