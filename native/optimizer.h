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

// What one update starts from. All tensors are flat.
struct AdamStep {
  at::Tensor values;     // float32
  at::Tensor gradients;  // float32
  double gradient_scale;
  double learning_rate;
  // Rows of the word embeddings that may have a gradient, repetitions allowed; null: all of them.
  const std::vector<int64_t>* touched_words;
  // bfloat16: the weights of the products in it become the new values, rounded. May be undefined.
  at::Tensor compute_copy;
};

// Adam and AdamW over the flat buffers of a model.
class Adam {
 public:
  // Leaves the parameters of the lowest `frozen` blocks as they are.
  Adam(const AdamOptions& options, const at::Tensor& values, const ParameterLayout& layout, int64_t frozen);

  void step(const AdamStep& step);

  // What a later run needs to go on: the moments, flat like the values, and the updates made.
  const at::Tensor& first_moments() const { return first_moments_; }
  const at::Tensor& second_moments() const { return second_moments_; }
  int64_t updates() const;
  // Call after the moments were written to.
  void resume(int64_t updates);

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

  void step_on_cpu(const AdamStep& step) const;
  void step_by_aten(const AdamStep& step) const;
  void note_touched(const std::vector<int64_t>* touched_words);
  void find_moving_words();

  AdamOptions options_;
  std::vector<Range> ranges_;
  ParameterSpec words_;     // they lead the buffers
  int64_t products_begin_;  // the weights that linear layers multiply with
  int64_t products_end_;
  at::Tensor first_moments_;   // flat
  at::Tensor second_moments_;  // flat
  at::Tensor steps_;           // one element: updates made
  // Of each row of the word embeddings, whether it ever had a gradient. One that never had has moments of
  // zero, and nothing but decay moves it: most of a vocabulary never occurs in a corpus.
  std::vector<uint8_t> moving_words_;
};

}  // namespace nerbert
