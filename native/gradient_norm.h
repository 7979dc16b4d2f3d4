#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "parameters.h"

namespace nerbert {

// The L2 norm of the gradients. `touched_words`: rows of the word embeddings, which lead the buffer, beyond
// which theirs are zero; null: all of them may not be.
double gradient_norm(const at::Tensor& gradients, const ParameterSpec& words,
                     const std::vector<int64_t>* touched_words);

}  // namespace nerbert
