#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "parameters.h"

namespace nerbert {

struct AdamOptions {
  bool decoupled;  // AdamW: decay shrinks the parameter itself; Adam: decay is added to the gradient
  double weight_decay;
  double beta1;
  double beta2;
  double eps;
  double layerwise_decay;  // the rate of a block is that of the block above times this
};

// What an optimizer has learnt.
struct AdamState {
  at::Tensor first_moments;   // flat
  at::Tensor second_moments;  // flat
  at::Tensor steps;           // one element: updates made
};

// Adam and AdamW over the flat buffers of a model.
class Adam {
 public:
  // Leaves the parameters of the lowest `frozen` blocks as they are.
  Adam(const AdamOptions& options, const at::Tensor& values, const ParameterLayout& layout, int64_t frozen);

  // One update of `values` from `gradients`, both flat float32.
  void step(const at::Tensor& values, const at::Tensor& gradients, double learning_rate);

  // What a later run needs to go on: the moments, flat like the values, and the updates made.
  const at::Tensor& first_moments() const { return first_moments_; }
  const at::Tensor& second_moments() const { return second_moments_; }
  int64_t updates() const;
  void set_updates(int64_t updates);

  // A copy for later, and back from it.
  AdamState copy_state() const;
  void restore(const AdamState& state);

 private:
  // A range of the buffers with one weight decay and one learning rate.
  struct Range {
    int64_t begin;
    int64_t end;
    double weight_decay;
    double rate_factor;
  };

  AdamOptions options_;
  std::vector<Range> ranges_;
  at::Tensor first_moments_;   // flat
  at::Tensor second_moments_;  // flat
  at::Tensor steps_;           // one element: updates made
};

}  // namespace nerbert
