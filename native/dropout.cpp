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
  const uint64_t time = (uint64_t{mask.step} << 32) | mask.micro_batch;
  generator.set_current_seed(mixed(mixed(mixed(mask.key) ^ place) ^ time));
  const at::Tensor keep = at::empty_like(x).bernoulli_(1.0 / mask.scale, generator);
  x.mul_(keep).mul_(mask.scale);
}

}  // namespace

kernels::DropoutMask Dropout::mask(double rate, uint32_t site) const {
  const auto threshold = active_ ? static_cast<uint32_t>(std::lround(rate * 65536)) : 0;
  const auto scale = static_cast<float>(65536.0 / (65536.0 - threshold));
  return {key_.seed, 0, site, key_.micro_batch, key_.step, threshold, scale};
}

at::Tensor Dropout::attention(at::Tensor x, uint32_t site, uint32_t first_group) const {
  kernels::DropoutMask drawn = mask(rates_.attention, site);
  drawn.first_group = first_group;
  return apply(std::move(x), drawn);
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

std::vector<uint32_t> attention_groups(const std::vector<int64_t>& boundaries, int64_t heads) {
  std::vector<uint32_t> first(boundaries.size() - 1);
  uint32_t next = 0;
  for (size_t row = 0; row < first.size(); row++) {
    const int64_t length = boundaries[row + 1] - boundaries[row];
    first[row] = next;
    next += static_cast<uint32_t>(heads * kernels::dropout_groups(length * length));
  }
  return first;
}

}  // namespace nerbert
