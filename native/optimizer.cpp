#include "optimizer.h"

#include <ATen/Parallel.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

#include "kernels/table.h"
#include "pages.h"

namespace nerbert {

Adam::Adam(const AdamOptions& options, const at::Tensor& values, const ParameterLayout& layout,
           int64_t frozen)
    : options_(options),
      words_(layout.words()),
      products_begin_(layout.products_begin()),
      products_end_(layout.products_end()),
      first_moments_(zeros_on(values.device(), values.numel())),
      second_moments_(zeros_on(values.device(), values.numel())),
      steps_(at::zeros({}, values.options())),
      moving_words_(words_.shape[0], 0) {
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

void Adam::step(const AdamStep& step) {
  steps_.add_(1);
  note_touched(step.touched_words);
  if (step.values.is_cpu()) {
    step_on_cpu(step);
  } else {
    step_by_aten(step);
  }
}

void Adam::note_touched(const std::vector<int64_t>* touched_words) {
  // Adam's own decay is a gradient like any other.
  const bool all = !touched_words || (!options_.decoupled && options_.weight_decay != 0);
  if (all) {
    std::fill(moving_words_.begin(), moving_words_.end(), 1);
  } else {
    for (const int64_t word : *touched_words) moving_words_[word] = 1;
  }
}

void Adam::step_on_cpu(const AdamStep& step) const {
  const auto updates = static_cast<double>(this->updates());
  const auto& kernels = kernels::of_this_cpu();
  auto* values = step.values.data_ptr<float>();
  auto* copy = step.compute_copy.defined() ? step.compute_copy.data_ptr<c10::BFloat16>() : nullptr;
  const int64_t word_size = words_.shape[1];
  for (const auto& range : ranges_) {
    const double rate = step.learning_rate * range.rate_factor;
    kernels::AdamUpdate update{
        .values = values,
        .gradients = step.gradients.const_data_ptr<float>(),
        .gradient_scale = static_cast<float>(step.gradient_scale),
        .first_moments = first_moments_.data_ptr<float>(),
        .second_moments = second_moments_.data_ptr<float>(),
        .copy = nullptr,
        .left1 = static_cast<float>(1 - options_.beta1),
        .beta2 = static_cast<float>(options_.beta2),
        .left2 = static_cast<float>(1 - options_.beta2),
        .eps = static_cast<float>(options_.eps),
        .rate = static_cast<float>(rate / (1 - std::pow(options_.beta1, updates))),
        .root_correction = static_cast<float>(1 / std::sqrt(1 - std::pow(options_.beta2, updates))),
        .coupled_decay = static_cast<float>(options_.decoupled ? 0 : range.weight_decay),
        .kept = static_cast<float>(options_.decoupled ? 1 - rate * range.weight_decay : 1),
    };
    const int64_t words_end = std::clamp(words_.offset + words_.size, range.begin, range.end);
    at::parallel_for(range.begin / word_size, words_end / word_size, 64, [&](int64_t begin, int64_t end) {
      for (int64_t word = begin; word < end; word++) {
        if (moving_words_[word]) {
          kernels.adam(update, word * word_size, (word + 1) * word_size);
        } else if (update.kept != 1) {
          kernels.scale(values + word * word_size, update.kept, word_size);
        }
      }
    });
    // The parts before, within and after the weights of the products, which alone have a copy.
    int64_t begin = words_end;
    for (const int64_t bound : {products_begin_, products_end_, range.end}) {
      const int64_t end = std::clamp(bound, begin, range.end);
      update.copy = begin >= products_begin_ && begin < products_end_ ? copy : nullptr;
      constexpr int64_t kElementsATask = 16384;
      at::parallel_for(begin, end, kElementsATask,
                       [&](int64_t from, int64_t to) { kernels.adam(update, from, to); });
      begin = end;
    }
  }
}

void Adam::step_by_aten(const AdamStep& step) const {
  if (step.gradient_scale != 1) step.gradients.mul_(step.gradient_scale);
  for (const auto& range : ranges_) {
    const auto part = [&](const at::Tensor& flat) {
      return flat.narrow(0, range.begin, range.end - range.begin);
    };
    const auto fused = [&](auto update) {
      update(part(step.values), part(step.gradients), part(first_moments_), part(second_moments_),
             at::TensorList(), steps_, step.learning_rate * range.rate_factor, options_.beta1, options_.beta2,
             range.weight_decay, options_.eps, /*amsgrad=*/false, /*maximize=*/false);
    };
    if (options_.decoupled) {
      fused([](auto&&... arguments) { at::_fused_adamw_(arguments...); });
    } else {
      fused([](auto&&... arguments) { at::_fused_adam_(arguments...); });
    }
  }
  if (step.compute_copy.defined()) step.compute_copy.copy_(step.values);
}

int64_t Adam::updates() const {
  return static_cast<int64_t>(steps_.item<float>());
}

void Adam::resume(int64_t updates) {
  steps_.fill_(updates);
  find_moving_words();
}

AdamState Adam::copy_state() const {
  return {first_moments_.clone(), second_moments_.clone(), steps_.clone()};
}

void Adam::restore(const AdamState& state) {
  first_moments_.copy_(state.first_moments);
  second_moments_.copy_(state.second_moments);
  steps_.copy_(state.steps);
  find_moving_words();
}

void Adam::find_moving_words() {
  const auto moves = [&](const at::Tensor& moments) {
    return view_of(moments, words_).ne(0).any(1).to(at::kCPU);
  };
  const at::Tensor moving = moves(first_moments_).logical_or_(moves(second_moments_));
  const auto* flags = moving.const_data_ptr<bool>();
  std::copy_n(flags, moving_words_.size(), moving_words_.begin());
}

}  // namespace nerbert
