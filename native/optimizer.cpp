#include "optimizer.h"

#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>

namespace nerbert {

Adam::Adam(const AdamOptions& options, const at::Tensor& values, const ParameterLayout& layout,
           int64_t frozen)
    : options_(options),
      first_moments_(at::zeros_like(values)),
      second_moments_(at::zeros_like(values)),
      steps_(at::zeros({}, values.options())) {
  for (const auto& group : layout.groups()) {
    if (group.block < frozen) continue;
    const double weight_decay = group.decays ? options.weight_decay : 0;
    const double rate_factor =
        std::pow(options.layerwise_decay, static_cast<double>(layout.last_block() - group.block));
    if (!ranges_.empty() && ranges_.back().end == group.begin &&
        ranges_.back().weight_decay == weight_decay && ranges_.back().rate_factor == rate_factor) {
      ranges_.back().end = group.end;
    } else {
      ranges_.push_back({group.begin, group.end, weight_decay, rate_factor});
    }
  }
}

void Adam::step(const at::Tensor& values, const at::Tensor& gradients, double learning_rate) {
  steps_.add_(1);
  for (const auto& range : ranges_) {
    const auto part = [&](const at::Tensor& flat) {
      return flat.narrow(0, range.begin, range.end - range.begin);
    };
    const auto fused = [&](auto update) {
      update(part(values), part(gradients), part(first_moments_), part(second_moments_), at::TensorList(),
             steps_, learning_rate * range.rate_factor, options_.beta1, options_.beta2, range.weight_decay,
             options_.eps, /*amsgrad=*/false, /*maximize=*/false);
    };
    if (options_.decoupled) {
      fused([](auto&&... arguments) { at::_fused_adamw_(arguments...); });
    } else {
      fused([](auto&&... arguments) { at::_fused_adam_(arguments...); });
    }
  }
}

int64_t Adam::updates() const {
  return static_cast<int64_t>(steps_.item<float>());
}

void Adam::set_updates(int64_t updates) {
  steps_.fill_(updates);
}

AdamState Adam::copy_state() const {
  return {first_moments_.clone(), second_moments_.clone(), steps_.clone()};
}

void Adam::restore(const AdamState& state) {
  first_moments_.copy_(state.first_moments);
  second_moments_.copy_(state.second_moments);
  steps_.copy_(state.steps);
}

}  // namespace nerbert
