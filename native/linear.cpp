#include "linear.h"

#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/sum.h>

namespace nerbert {

at::Tensor linear(const at::Tensor& x, const AffineTensors& parameters) {
  const auto type = parameters.weight.scalar_type();
  return at::linear(x.to(type), parameters.weight, parameters.bias).to(at::kFloat);
}

void linear_backward_parameters(const at::Tensor& grad_output, const at::Tensor& x,
                                const AffineTensors& parameters, const AffineTensors& gradients) {
  const auto type = parameters.weight.scalar_type();
  if (type == at::kFloat) {
    gradients.weight.addmm_(grad_output.t(), x);
  } else {
    gradients.weight.add_(at::mm(grad_output.to(type).t(), x.to(type)));
  }
  gradients.bias.add_(grad_output.sum(0));
}

at::Tensor linear_backward_input(const at::Tensor& grad_output, const AffineTensors& parameters) {
  return at::mm(grad_output.to(parameters.weight.scalar_type()), parameters.weight).to(at::kFloat);
}

}  // namespace nerbert
