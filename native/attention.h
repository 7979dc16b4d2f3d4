#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "batch.h"
#include "dropout.h"

namespace nerbert {

// What the backward pass needs of the forward pass.
struct AttentionMemory {
  at::Tensor query_key_value;             // (pieces, 3 * hidden)
  std::vector<at::Tensor> probabilities;  // a sequence each: (heads, length, length), before dropout
};

// Multi-head self-attention within each sequence of a packed batch; no pair of pieces of different sequences
// is ever looked at, so there is no mask. query_key_value: (pieces, 3 * hidden) -> (pieces, hidden). `memory`
// may be null.
at::Tensor attention(const at::Tensor& query_key_value, const DeviceBatch& batch, int64_t heads,
                     const Dropout& dropout, int64_t layer, AttentionMemory* memory);

// (pieces, hidden) -> the gradient by query_key_value, (pieces, 3 * hidden).
at::Tensor attention_backward(const at::Tensor& grad_output, const DeviceBatch& batch, int64_t heads,
                              const Dropout& dropout, int64_t layer, const AttentionMemory& memory);

}  // namespace nerbert
