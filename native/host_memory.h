#pragma once

#include <ATen/core/Tensor.h>

namespace nerbert {

// Float32 zeros (elements) on the host. Large ones are fresh pages of the system, huge where it has them:
// zero without being written to, and taken when they are first used.
at::Tensor host_zeros(int64_t elements);

}  // namespace nerbert
