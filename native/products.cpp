#include "products.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/randn.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <sstream>

#include "failure.h"

namespace nerbert {
namespace {

// x * weight^T by oneDNN. ATen has it for its compiler alone and gives it no C++ function, so it is found by
// name.
at::Tensor onednn_product(const at::Tensor& x, const at::Tensor& weight) {
  using Signature =
      at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, std::string_view,
                 c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);
  static const auto product =
      c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_linear_pointwise", "").typed<Signature>();
  return product.call(x, weight, std::nullopt, "none", c10::List<std::optional<at::Scalar>>(), "");
}

bool by_onednn(MatrixLibrary library, const at::Tensor& x) {
  return library == MatrixLibrary::kOneDnn && x.scalar_type() == at::kFloat && x.is_cpu() && x.size(0) > 0;
}

const char* name_of(MatrixLibrary library) {
  return library == MatrixLibrary::kOneDnn ? "onednn" : "aten";
}

template <class Work>
double seconds(const Work& work) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

}  // namespace

at::Tensor Products::forward(const at::Tensor& x, const at::Tensor& weight) const {
  return by_onednn(path_.forward, x) ? onednn_product(x, weight) : at::mm(x, weight.t());
}

at::Tensor Products::backward_input(const at::Tensor& grad, const at::Tensor& weight) const {
  return by_onednn(path_.input, grad) ? onednn_product(grad, weight.t()) : at::mm(grad, weight);
}

void Products::backward_weight(const at::Tensor& grad, const at::Tensor& x, const at::Tensor& gradient,
                               bool accumulate) const {
  const bool onednn = by_onednn(path_.weight, x);
  if (onednn || x.scalar_type() != at::kFloat) {
    const at::Tensor product = onednn ? onednn_product(grad.t(), x.t()) : at::mm(grad.t(), x);
    if (accumulate) {
      gradient.add_(product);
    } else {
      gradient.copy_(product);
    }
  } else if (accumulate) {
    gradient.addmm_(grad.t(), x);
  } else {
    at::Tensor out = gradient;
    at::mm_out(out, grad.t(), x);
  }
}

std::string to_string(const MatrixPath& path) {
  return std::string(name_of(path.forward)) + " " + name_of(path.input) + " " + name_of(path.weight);
}

MatrixPath parse_matrix_path(const std::string& text) {
  std::istringstream words(text);
  MatrixPath path;
  for (MatrixLibrary* library : {&path.forward, &path.input, &path.weight}) {
    std::string word;
    words >> word;
    if (word != "aten" && word != "onednn") {
      throw Error(kTorchError,
                  "Expected a matrix path of three words, each aten or onednn, but received '" + text + "'");
    }
    *library = word == "onednn" ? MatrixLibrary::kOneDnn : MatrixLibrary::kAten;
  }
  return path;
}

MatrixPath measure_matrix_path() {
  constexpr int64_t kRows = 1024, kIn = 768, kOut = 768;
  constexpr double kGain = 1.1;
  constexpr int kRuns = 8;
  const at::Tensor x = at::randn({kRows, kIn});
  const at::Tensor grad = at::randn({kRows, kOut});
  const at::Tensor weight = at::randn({kOut, kIn});
  const at::Tensor gradient = at::empty_like(weight);
  // In turn, and the shortest of some runs each: what the machine can do when nothing disturbs it.
  const auto choose = [](const auto& product) {
    double aten = std::numeric_limits<double>::infinity(), onednn = aten;
    for (int run = 0; run < kRuns; run++) {
      aten = std::min(aten, seconds([&] { product(MatrixLibrary::kAten); }));
      onednn = std::min(onednn, seconds([&] { product(MatrixLibrary::kOneDnn); }));
    }
    return aten > kGain * onednn ? MatrixLibrary::kOneDnn : MatrixLibrary::kAten;
  };
  return {
      choose([&](MatrixLibrary library) {
        Products({library, {}, {}}).forward(x, weight);
      }),
      choose([&](MatrixLibrary library) {
        Products({{}, library, {}}).backward_input(grad, weight);
      }),
      choose([&](MatrixLibrary library) {
        Products({{}, {}, library}).backward_weight(grad, x, gradient, false);
      }),
  };
}

}  // namespace nerbert
