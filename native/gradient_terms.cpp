#include "gradient_terms.h"

#include <algorithm>

#include "cpu_rows.h"

namespace nerbert {
namespace {

// Where the rows of one of `parts` begin: in whole vectors of any CPU.
int64_t first_row(int64_t rows, int64_t part, int64_t parts) {
  constexpr int64_t kAlignment = 16;
  return part == parts ? rows : rows * part / parts / kAlignment * kAlignment;
}

}  // namespace

void add_up(const std::vector<GradientTerms>& shares, const Products& products, Team& team, bool accumulate) {
  const auto parts = static_cast<int64_t>(team.size());
  team.each([&](int64_t part) {
    for (size_t share = 0; share < shares.size(); share++) {
      for (const auto& [gradient, grad, input] : shares[share].weights) {
        const int64_t begin = first_row(gradient.size(0), part, parts);
        const int64_t rows = first_row(gradient.size(0), part + 1, parts) - begin;
        if (rows == 0) continue;
        const Arena::Frame frame;
        products.backward_weight(grad.narrow(1, begin, rows), input, gradient.narrow(0, begin, rows),
                                 accumulate || share > 0);
      }
    }
  });
  for (size_t share = 0; share < shares.size(); share++) {
    for (const auto& [gradient, term] : shares[share].vectors) {
      const auto* from = data<float>(term);
      auto* to = data<float>(gradient);
      if (accumulate || share > 0) {
        kernels::of_this_cpu().float32.add(from, to, gradient.numel());
      } else {
        std::copy_n(from, gradient.numel(), to);
      }
    }
  }
}

}  // namespace nerbert
