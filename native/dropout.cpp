#include "dropout.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty_like.h>

#include <algorithm>
#include <cmath>

#include "kernels/table.h"

namespace nerbert {
namespace {

void drop_on_cpu(const at::Tensor& x, const kernels::DropoutMask& mask) {
  auto* data = x.data_ptr<float>();
  const int64_t rows = x.size(0);
  const int64_t width = x.numel() / rows;
  constexpr int64_t kElementsATask = 16384;
  at::parallel_for(0, rows, std::max<int64_t>(1, kElementsATask / width), [&](int64_t begin, int64_t end) {
    kernels::of_this_cpu().drop(mask, data, width, begin, end);
  });
}

uint32_t row_groups(int64_t width) {
  return static_cast<uint32_t>(kernels::dropout_groups(width));
}

// Of the attention matrices of one sequence.
uint32_t sequence_groups(int64_t length, int64_t heads) {
  return static_cast<uint32_t>(heads * kernels::dropout_groups(length * length));
}

uint64_t mixed(uint64_t x) {  // the finaliser of SplitMix64
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

// ATen's generator on a GPU is counter-based too: seeded anew for each mask it needs no state either.
void drop_on_gpu(const at::Tensor& x, const kernels::DropoutMask& mask) {
  at::Generator generator = at::globalContext().defaultGenerator(x.device()).clone();
  const uint64_t place = (uint64_t{mask.site} << 32) | mask.first_group;
  const uint64_t time = (uint64_t{mask.step} << 32) | mask.part;
  generator.set_current_seed(mixed(mixed(mixed(mask.key) ^ place) ^ time));
  const at::Tensor keep = at::empty_like(x).bernoulli_(1.0 / mask.scale, generator);
  x.mul_(keep).mul_(mask.scale);
}

}  // namespace

DropoutOrigin DropoutOrigin::after(const std::vector<int64_t>& boundaries, int64_t labelled,
                                   int64_t heads) const {
  DropoutOrigin next{
      .pieces = pieces + static_cast<uint32_t>(boundaries.back()),
      .labelled = this->labelled + static_cast<uint32_t>(labelled),
      .attention_groups = attention_groups,
  };
  for (size_t row = 0; row + 1 < boundaries.size(); row++) {
    next.attention_groups += sequence_groups(boundaries[row + 1] - boundaries[row], heads);
  }
  return next;
}

kernels::DropoutMask Dropout::mask(double rate, uint32_t site, uint32_t first_group) const {
  const auto threshold = active_ ? static_cast<uint32_t>(std::lround(rate * 65536)) : 0;
  const auto scale = static_cast<float>(65536.0 / (65536.0 - threshold));
  return {key_.seed, first_group, site, key_.part, key_.step, threshold, scale};
}

kernels::DropoutMask Dropout::hidden_mask(uint32_t site, int64_t width) const {
  return mask(rates_.hidden, site, origin_.pieces * row_groups(width));
}

at::Tensor Dropout::hidden(at::Tensor x, uint32_t site) const {
  const kernels::DropoutMask drawn = hidden_mask(site, x.size(1));
  return apply(std::move(x), drawn);
}

at::Tensor Dropout::classifier(at::Tensor x) const {
  const uint32_t first_group = origin_.labelled * row_groups(x.size(1));
  return apply(std::move(x), mask(rates_.classifier, DropoutSite::kClassifier, first_group));
}

at::Tensor Dropout::attention(at::Tensor x, uint32_t site, uint32_t first_group) const {
  return apply(std::move(x), mask(rates_.attention, site, first_group));
}

at::Tensor Dropout::apply(at::Tensor x, const kernels::DropoutMask& mask) const {
  if (!mask.drops() || x.numel() == 0) return x;
  if (x.is_cpu()) {
    drop_on_cpu(x, mask);
  } else {
    drop_on_gpu(x, mask);
  }
  return x;
}

std::vector<uint32_t> Dropout::attention_groups(const std::vector<int64_t>& boundaries, int64_t heads) const {
  std::vector<uint32_t> first(boundaries.size() - 1);
  uint32_t next = origin_.attention_groups;
  for (size_t row = 0; row < first.size(); row++) {
    first[row] = next;
    next += sequence_groups(boundaries[row + 1] - boundaries[row], heads);
  }
  return first;
}

}  // namespace nerbert
