#include "activation_kernels.h"

#include <algorithm>

#include "vec.h"

namespace nerbert::kernels::CPU_CAPABILITY {
namespace {

struct Activated {
  Vec value;
  Vec slope;
};

// x * cdf(x) of the normal distribution, and its derivative cdf(x) + x * pdf(x). One exponential serves both:
// erf by formula 7.1.26 of Abramowitz and Stegun (error below 1.5e-7, as ATen's) contains exp(-x^2 / 2) as
// pdf does.
inline Activated gelu(const Vec& x) {
  const Vec one(1);
  const Vec magnitude = x.abs() * Vec(0.70710678118654752f);
  const Vec t = one / at::vec::fmadd(Vec(0.3275911f), magnitude, one);
  const Vec bell = (Vec(-0.5f) * x * x).exp_u20();
  Vec series = at::vec::fmadd(Vec(1.061405429f), t, Vec(-1.453152027f));
  series = at::vec::fmadd(series, t, Vec(1.421413741f));
  series = at::vec::fmadd(series, t, Vec(-0.284496736f));
  series = at::vec::fmadd(series, t, Vec(0.254829592f));
  const Vec tail = Vec(0.5f) * series * t * bell;  // cdf(-|x|)
  const Vec cdf = Vec::blendv(tail, one - tail, x > Vec(0));
  return {x * cdf, at::vec::fmadd(x, Vec(0.39894228040143268f) * bell, cdf)};
}

// 0.5 * x * (1 + tanh(u)) = x * sigmoid(2u), u = sqrt(2 / pi) * (x + 0.044715 * x^3)
inline Activated gelu_tanh(const Vec& x) {
  const Vec one(1);
  const Vec square = x * x;
  const Vec twice = Vec(1.5957691216057308f) * x * at::vec::fmadd(Vec(0.044715f), square, one);
  const Vec gate = one / (one + twice.neg().exp_u20());
  const Vec twice_slope = Vec(1.5957691216057308f) * at::vec::fmadd(Vec(0.134145f), square, one);
  return {x * gate, at::vec::fmadd(x * gate * (one - gate), twice_slope, gate)};
}

inline Activated relu(const Vec& x) {
  const Vec zero(0);
  return {at::vec::maximum(x, zero), Vec::blendv(zero, Vec(1), x > zero)};
}

template <class Work>
inline void with_activation(Activation kind, const Work& work) {
  switch (kind) {
    case Activation::kGelu:
      return work([](const Vec& x) { return gelu(x); });
    case Activation::kGeluTanh:
      return work([](const Vec& x) { return gelu_tanh(x); });
    case Activation::kRelu:
      return work([](const Vec& x) { return relu(x); });
  }
}

}  // namespace

template <class T>
void activate(const ActivationPass<T>& pass, int64_t begin, int64_t end) {
  with_activation(pass.kind, [&](const auto& activation) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t first = row * pass.width;
      for_each_vector(pass.width, [&](int64_t c, int64_t n) {
        const Vec x = load(pass.product + first + c, n) + load(pass.bias + c, n);
        store(pass.activated + first + c, activation(x).value, n);
      });
    }
  });
}

template <class T>
void activate_backward(const ActivationPass<T>& pass, int64_t begin, int64_t end, float* sums) {
  std::fill(sums, sums + pass.width, 0.0f);
  with_activation(pass.kind, [&](const auto& activation) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t first = row * pass.width;
      for_each_vector(pass.width, [&](int64_t c, int64_t n) {
        const Vec x = load(pass.product + first + c, n) + load(pass.bias + c, n);
        const Activated at_x = activation(x);
        const Vec grad = load(pass.grad + first + c, n) * at_x.slope;
        store(pass.activated + first + c, at_x.value, n);
        store(pass.grad + first + c, grad, n);
        store(sums + c, load(sums + c, n) + grad, n);
      });
    }
  });
}

template void activate(const ActivationPass<float>&, int64_t, int64_t);
template void activate(const ActivationPass<c10::BFloat16>&, int64_t, int64_t);
template void activate_backward(const ActivationPass<float>&, int64_t, int64_t, float*);
template void activate_backward(const ActivationPass<c10::BFloat16>&, int64_t, int64_t, float*);

}  // namespace nerbert::kernels::CPU_CAPABILITY
