#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "products.h"
#include "team.h"

namespace nerbert {

// What the backward pass of some of a batch's pieces has to add to gradients of parameters. T is the type of
// products.
struct GradientTerms {
  struct Weight {
    at::Tensor gradient;  // (out, in) float32
    at::Tensor grad;      // (rows, out) T
    at::Tensor input;     // (rows, in) T: the term is grad^T * input
  };
  struct Vector {
    at::Tensor gradient;  // (size) float32
    at::Tensor term;      // (size) float32
  };
  std::vector<Weight> weights;
  std::vector<Vector> vectors;
};

// Sums the terms of all shares of a batch, which name the same gradients, in the order of the shares: into
// the gradients, or to what they hold. The team divides each weight's rows among itself.
void add_up(const std::vector<GradientTerms>& shares, const Products& products, Team& team, bool accumulate);

}  // namespace nerbert
