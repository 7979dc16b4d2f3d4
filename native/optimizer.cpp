#include "optimizer.h"

#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

namespace nerbert {

Adam::Adam(const AdamOptions& options, const at::Tensor& values, int64_t decaying)
    : options_(options),
      decaying_(decaying),
      first_moments_(at::zeros_like(values)),
      second_moments_(at::zeros_like(values)),
      steps_(at::zeros({}, values.options())) {}

void Adam::step(const at::Tensor& values, const at::Tensor& gradients, double learning_rate) {
  steps_.add_(1);
  const auto group = [&](int64_t begin, int64_t end, double weight_decay) {
    const auto part = [&](const at::Tensor& flat) { return flat.narrow(0, begin, end - begin); };
    const auto fused = [&](auto update) {
      update(part(values), part(gradients), part(first_moments_), part(second_moments_), at::TensorList(),
             steps_, learning_rate, options_.beta1, options_.beta2, weight_decay, options_.eps,
             /*amsgrad=*/false,
             /*maximize=*/false);
    };
    if (options_.decoupled) {
      fused([](auto&&... arguments) { at::_fused_adamw_(arguments...); });
    } else {
      fused([](auto&&... arguments) { at::_fused_adam_(arguments...); });
    }
  };
  group(0, decaying_, options_.weight_decay);
  group(decaying_, values.numel(), 0);
}

}  // namespace nerbert
