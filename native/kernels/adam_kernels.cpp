#include "adam_kernels.h"

#include <algorithm>

#include "vec.h"

namespace nerbert::kernels::CPU_CAPABILITY {

void adam(const AdamUpdate& update, int64_t begin, int64_t end) {
  const Vec gradient_scale(update.gradient_scale);
  const Vec beta2(update.beta2), left1(update.left1), left2(update.left2);
  const Vec rate(update.rate), root_correction(update.root_correction), eps(update.eps);
  const Vec coupled(update.coupled_decay), kept(update.kept);
  for_each_vector(end - begin, [&](int64_t offset, int64_t n) {
    const int64_t i = begin + offset;
    Vec value = load(update.values + i, n) * kept;
    const Vec gradient = at::vec::fmadd(value, coupled, load(update.gradients + i, n) * gradient_scale);
    const Vec first = load(update.first_moments + i, n);
    const Vec new_first = at::vec::fmadd(gradient - first, left1, first);
    const Vec new_second =
        at::vec::fmadd(gradient * gradient, left2, load(update.second_moments + i, n) * beta2);
    value = value - rate * new_first / (new_second.sqrt() * root_correction + eps);
    store(update.first_moments + i, new_first, n);
    store(update.second_moments + i, new_second, n);
    store(update.values + i, value, n);
    if (update.copy) store(update.copy + i, value, n);
  });
}

void scale(float* data, float factor, int64_t size) {
  for_each_vector(size, [&](int64_t i, int64_t n) { store(data + i, load(data + i, n) * Vec(factor), n); });
}

double sum_of_squares(const float* data, int64_t size) {
  constexpr int64_t kBlock = 4096;  // as many as float32 lanes add up without loss that matters
  double total = 0;
  for (int64_t begin = 0; begin < size; begin += kBlock) {
    Vec sum(0);
    for_each_vector(std::min(kBlock, size - begin), [&](int64_t i, int64_t n) {
      const Vec x = load(data + begin + i, n);
      sum = at::vec::fmadd(x, x, sum);
    });
    float lanes[kWidth];
    sum.store(lanes);
    for (float lane : lanes) total += lane;
  }
  return total;
}

}  // namespace nerbert::kernels::CPU_CAPABILITY
