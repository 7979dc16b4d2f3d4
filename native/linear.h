#pragma once

#include <ATen/core/Tensor.h>

#include "parameters.h"

namespace nerbert {

// x (rows, in) float32 -> (rows, out) float32. The product is computed in the type of the weights: float32,
// or bfloat16 with float32 around it.
at::Tensor linear(const at::Tensor& x, const AffineTensors& parameters);

// Adds the gradients of weight and bias to `gradients` (float32).
void linear_backward_parameters(const at::Tensor& grad_output, const at::Tensor& x,
                                const AffineTensors& parameters, const AffineTensors& gradients);

// The gradient by x, (rows, in) float32.
at::Tensor linear_backward_input(const at::Tensor& grad_output, const AffineTensors& parameters);

}  // namespace nerbert
