#include "norm_kernels.h"

#include <cmath>
#include <vector>

#include "draw_mask.h"
#include "vec.h"

namespace nerbert::kernels::CPU_CAPABILITY {
namespace {

// A row in `normalised` becomes normalised, and `out` its LayerNorm. Returns what it was divided by,
// inverted.
inline float normalise_row(float* normalised, const float* weight, const float* bias, float eps,
                           int64_t width, float* out) {
  Vec total(0);
  for_each_vector(width, [&](int64_t c, int64_t n) { total = total + load(normalised + c, n); });
  const float mean = sum_of(total) / static_cast<float>(width);
  Vec squares(0);
  for_each_vector(width, [&](int64_t c, int64_t n) {
    const Vec centred = load(normalised + c, n) - Vec(mean);
    // Lanes beyond the row hold -mean; set to zero they do not count.
    squares = at::vec::fmadd(centred, n == kWidth ? centred : Vec::set(Vec(0), centred, n), squares);
  });
  const float rstd = 1 / std::sqrt(sum_of(squares) / static_cast<float>(width) + eps);
  for_each_vector(width, [&](int64_t c, int64_t n) {
    const Vec x = (load(normalised + c, n) - Vec(mean)) * Vec(rstd);
    store(normalised + c, x, n);
    store(out + c, at::vec::fmadd(x, load(weight + c, n), load(bias + c, n)), n);
  });
  return rstd;
}

// Where rows are normalised: kept for the backward pass, or one after the other in the same place.
class NormalisedRows {
 public:
  NormalisedRows(float* kept, float* rstd, int64_t width)
      : kept_(kept), rstd_(rstd), width_(width), row_(kept ? 0 : width) {}

  float* row(int64_t row) { return kept_ ? kept_ + row * width_ : row_.data(); }
  void keep_rstd(int64_t row, float rstd) {
    if (rstd_) rstd_[row] = rstd;
  }

 private:
  float* kept_;
  float* rstd_;
  int64_t width_;
  std::vector<float> row_;
};

// `grad_out` (width) -> the gradient by the row before it was normalised, given to store_gradient(c, n,
// gradient). Adds to the sums of weight and bias.
template <class Load, class Store>
inline void normalise_row_backward(const float* normalised, float rstd, const float* weight, int64_t width,
                                   float* weight_sums, float* bias_sums, const Load& grad_out,
                                   const Store& store_gradient) {
  Vec sum(0), dot(0);
  for_each_vector(width, [&](int64_t c, int64_t n) {
    const Vec g = grad_out(c, n);
    const Vec x = load(normalised + c, n);
    store(weight_sums + c, at::vec::fmadd(g, x, load(weight_sums + c, n)), n);
    store(bias_sums + c, g + load(bias_sums + c, n), n);
    const Vec weighted = g * load(weight + c, n);
    sum = sum + weighted;
    dot = at::vec::fmadd(weighted, x, dot);
  });
  const Vec mean(sum_of(sum) / static_cast<float>(width));
  const Vec mean_dot(sum_of(dot) / static_cast<float>(width));
  for_each_vector(width, [&](int64_t c, int64_t n) {
    const Vec weighted = grad_out(c, n) * load(weight + c, n);
    store_gradient(c, n, (weighted - mean - load(normalised + c, n) * mean_dot) * Vec(rstd));
  });
}

std::vector<float> mask_row(const DropoutMask& mask, int64_t width) {
  return std::vector<float>(mask.drops() ? dropout_groups(width) * kDropoutGroup : 0);
}

}  // namespace

template <class T>
void residual_norm(const ResidualNorm<T>& norm, int64_t begin, int64_t end) {
  const int64_t width = norm.width;
  const bool drops = norm.dropout.drops();
  std::vector<float> mask = mask_row(norm.dropout, width);
  NormalisedRows rows(norm.normalised, norm.rstd, width);
  for (int64_t row = begin; row < end; row++) {
    const T* product = norm.product + row * width;
    const float* residual = norm.residual + (norm.residual_rows ? norm.residual_rows[row] : row) * width;
    float* sum = rows.row(row);
    if (drops) row_multipliers(norm.dropout, norm.mask_rows ? norm.mask_rows[row] : row, width, mask.data());
    for_each_vector(width, [&](int64_t c, int64_t n) {
      const Vec x = load(product + c, n) + load(norm.product_bias + c, n);
      const Vec r = load(residual + c, n);
      store(sum + c, drops ? at::vec::fmadd(x, load(mask.data() + c, n), r) : x + r, n);
    });
    float* out = norm.out + row * width;
    rows.keep_rstd(row, normalise_row(sum, norm.weight, norm.bias, norm.eps, width, out));
    if constexpr (!std::is_same_v<T, float>) {
      for_each_vector(
          width, [&](int64_t c, int64_t n) { store(norm.out_copy + row * width + c, load(out + c, n), n); });
    }
  }
}

template <class T>
void norm_output(const NormOutput<T>& norm, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; row++) {
    const int64_t first = row * norm.width;
    for_each_vector(norm.width, [&](int64_t c, int64_t n) {
      const Vec x = load(norm.normalised + first + c, n);
      store(norm.out + first + c, at::vec::fmadd(x, load(norm.weight + c, n), load(norm.bias + c, n)), n);
    });
  }
}

template <class T>
void residual_norm_backward(const ResidualNormBackward<T>& norm, int64_t begin, int64_t end, float* sums) {
  const int64_t width = norm.width;
  const bool drops = norm.dropout.drops();
  std::fill(sums, sums + 3 * width, 0.0f);
  std::vector<float> mask = mask_row(norm.dropout, width);
  for (int64_t row = begin; row < end; row++) {
    const float* grad = norm.grad + row * width;
    const T* more = norm.grad_more ? norm.grad_more + row * width : nullptr;
    if (drops) row_multipliers(norm.dropout, norm.mask_rows ? norm.mask_rows[row] : row, width, mask.data());
    float* grad_residual = norm.grad_residual + row * width;
    T* grad_product = norm.grad_product + row * width;
    float* bias_sums = sums + 2 * width;
    normalise_row_backward(
        norm.normalised + row * width, norm.rstd[row], norm.weight, width, sums, sums + width,
        [&](int64_t c, int64_t n) {
          const Vec g = load(grad + c, n);
          return more ? g + load(more + c, n) : g;
        },
        [&](int64_t c, int64_t n, const Vec& gradient) {
          store(grad_residual + c, gradient, n);
          const Vec dropped = drops ? gradient * load(mask.data() + c, n) : gradient;
          store(grad_product + c, dropped, n);
          store(bias_sums + c, load(bias_sums + c, n) + dropped, n);
        });
  }
}

void embedding_norm(const EmbeddingNorm& norm, int64_t begin, int64_t end) {
  const int64_t width = norm.width;
  const bool drops = norm.dropout.drops();
  std::vector<float> mask = mask_row(norm.dropout, width);
  NormalisedRows rows(norm.normalised, norm.rstd, width);
  for (int64_t row = begin; row < end; row++) {
    const float* word = norm.words + norm.word_ids[row] * width;
    const float* position = norm.positions + norm.position_ids[row] * width;
    const float* type = norm.types + norm.type_ids[row] * width;
    float* sum = rows.row(row);
    float* out = norm.out + row * width;
    for_each_vector(width, [&](int64_t c, int64_t n) {
      store(sum + c, load(word + c, n) + load(type + c, n) + load(position + c, n), n);
    });
    rows.keep_rstd(row, normalise_row(sum, norm.weight, norm.bias, norm.eps, width, out));
    if (drops) row_multipliers(norm.dropout, row, width, mask.data());
    if (!drops && !norm.out_copy) continue;
    for_each_vector(width, [&](int64_t c, int64_t n) {
      const Vec x = drops ? load(out + c, n) * load(mask.data() + c, n) : load(out + c, n);
      store(out + c, x, n);
      if (norm.out_copy) store(norm.out_copy + row * width + c, x, n);
    });
  }
}

void embedding_norm_backward(const EmbeddingNormBackward& norm, int64_t begin, int64_t end, float* sums) {
  const int64_t width = norm.width;
  const bool drops = norm.dropout.drops();
  std::fill(sums, sums + 2 * width, 0.0f);
  std::vector<float> mask = mask_row(norm.dropout, width);
  for (int64_t row = begin; row < end; row++) {
    float* grad = norm.grad + row * width;
    if (drops) row_multipliers(norm.dropout, row, width, mask.data());
    normalise_row_backward(
        norm.normalised + row * width, norm.rstd[row], norm.weight, width, sums, sums + width,
        [&](int64_t c, int64_t n) {
          return drops ? load(grad + c, n) * load(mask.data() + c, n) : load(grad + c, n);
        },
        [&](int64_t c, int64_t n, const Vec& gradient) { store(grad + c, gradient, n); });
  }
}

template void residual_norm(const ResidualNorm<float>&, int64_t, int64_t);
template void residual_norm(const ResidualNorm<c10::BFloat16>&, int64_t, int64_t);
template void norm_output(const NormOutput<float>&, int64_t, int64_t);
template void norm_output(const NormOutput<c10::BFloat16>&, int64_t, int64_t);
template void residual_norm_backward(const ResidualNormBackward<float>&, int64_t, int64_t, float*);
template void residual_norm_backward(const ResidualNormBackward<c10::BFloat16>&, int64_t, int64_t, float*);

}  // namespace nerbert::kernels::CPU_CAPABILITY
