#pragma once

#include <ATen/core/Tensor.h>

namespace nerbert {

struct AdamOptions {
  bool decoupled;  // AdamW: decay shrinks the parameter itself; Adam: decay is added to the gradient
  double weight_decay;
  double beta1;
  double beta2;
  double eps;
};

// Adam and AdamW over the flat buffers of a model; the first `decaying` elements alone get weight decay.
class Adam {
 public:
  Adam(const AdamOptions& options, const at::Tensor& values, int64_t decaying);

  // One update of `values` from `gradients`, both flat float32.
  void step(const at::Tensor& values, const at::Tensor& gradients, double learning_rate);

 private:
  AdamOptions options_;
  int64_t decaying_;
  at::Tensor first_moments_;   // flat
  at::Tensor second_moments_;  // flat
  at::Tensor steps_;           // one element: updates made
};

}  // namespace nerbert
