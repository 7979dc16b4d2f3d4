#include "gradient_norm.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/table.h"

namespace nerbert {
namespace {

struct Block {
  int64_t begin;
  int64_t size;
};

// Of all elements of these blocks. A block's sum and the order of the blocks do not depend on the threads.
double sum_of_squares(const float* data, const std::vector<Block>& blocks) {
  std::vector<double> sums(blocks.size());
  at::parallel_for(0, static_cast<int64_t>(blocks.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      sums[i] = kernels::of_this_cpu().sum_of_squares(data + blocks[i].begin, blocks[i].size);
    }
  });
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

}  // namespace

double gradient_norm(const at::Tensor& gradients, const ParameterSpec& words,
                     const std::vector<int64_t>* touched_words) {
  if (!gradients.is_cpu()) return gradients.norm().item<double>();
  std::vector<Block> rows, rest;
  if (touched_words) {
    std::vector<int64_t> distinct = *touched_words;
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    const int64_t width = words.shape[1];
    for (const int64_t row : distinct) rows.push_back({row * width, width});
  }
  constexpr int64_t kBlock = 65536;
  const int64_t size = gradients.numel();
  for (int64_t begin = touched_words ? words.size : 0; begin < size; begin += kBlock) {
    rest.push_back({begin, std::min(kBlock, size - begin)});
  }
  const auto* data = gradients.const_data_ptr<float>();
  return std::sqrt(sum_of_squares(data, rows) + sum_of_squares(data, rest));
}

}  // namespace nerbert
