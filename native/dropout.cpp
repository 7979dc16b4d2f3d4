#include "dropout.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/ops/empty_like.h>

#include "kernels/dropout_kernel.h"

namespace nerbert {
namespace {

kernels::DropoutKernel kernel_of_this_cpu() {
  const std::string capability = at::get_cpu_capability();
  if (capability == "AVX512") return kernels::dropout_avx512;
  if (capability == "AVX2") return kernels::dropout_avx2;
  return kernels::dropout_default;
}

void drop_on_cpu(const at::Tensor& x, double rate, const kernels::DropoutCounter& counter) {
  static const kernels::DropoutKernel kernel = kernel_of_this_cpu();
  auto* data = x.data_ptr<float>();
  const int64_t size = x.numel();
  const int64_t groups = (size + kernels::kDropoutGroup - 1) / kernels::kDropoutGroup;
  constexpr int64_t kGroupsATask = 64;
  at::parallel_for(0, groups, kGroupsATask,
                   [&](int64_t begin, int64_t end) { kernel(data, size, begin, end, rate, counter); });
}

uint64_t mixed(uint64_t x) {  // the finaliser of SplitMix64
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

// ATen's generator on a GPU is counter-based too: seeded anew for each mask it needs no state either.
void drop_on_gpu(const at::Tensor& x, double rate, const kernels::DropoutCounter& counter) {
  at::Generator generator = at::globalContext().defaultGenerator(x.device()).clone();
  const uint64_t place = (uint64_t{counter.site} << 32) | counter.first_group;
  const uint64_t time = (uint64_t{counter.step} << 32) | counter.micro_batch;
  generator.set_current_seed(mixed(mixed(mixed(counter.key) ^ place) ^ time));
  const at::Tensor keep = at::empty_like(x).bernoulli_(1.0 - rate, generator);
  x.mul_(keep).mul_(1.0 / (1.0 - rate));
}

}  // namespace

at::Tensor Dropout::apply(at::Tensor x, double rate, uint32_t site, uint32_t first_group) const {
  if (!active_ || rate == 0 || x.numel() == 0) return x;
  const kernels::DropoutCounter counter{key_.seed, first_group, site, key_.micro_batch, key_.step};
  if (x.is_cpu()) {
    drop_on_cpu(x, rate, counter);
  } else {
    drop_on_gpu(x, rate, counter);
  }
  return x;
}

}  // namespace nerbert
