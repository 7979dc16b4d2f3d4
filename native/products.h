#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace nerbert {

// The libraries inside libtorch that multiply float32 matrices: ATen's choice (MKL on x86-64), or oneDNN.
// Which is faster depends on the CPU and on which of its three products a linear layer needs. bfloat16 always
// goes to oneDNN.
enum class MatrixLibrary { kAten, kOneDnn };

struct MatrixPath {
  MatrixLibrary forward = MatrixLibrary::kAten;  // x * weight^T
  MatrixLibrary input = MatrixLibrary::kAten;    // grad * weight
  MatrixLibrary weight = MatrixLibrary::kAten;   // grad^T * x
};

// The products of a linear layer with weight (out, in), without its bias.
class Products {
 public:
  explicit Products(const MatrixPath& path) : path_(path) {}

  // x (rows, in) -> (rows, out)
  at::Tensor forward(const at::Tensor& x, const at::Tensor& weight) const;
  // grad (rows, out) -> (rows, in)
  at::Tensor backward_input(const at::Tensor& grad, const at::Tensor& weight) const;
  // Writes to `gradient` (out, in), float32, or adds to what it holds.
  void backward_weight(const at::Tensor& grad, const at::Tensor& x, const at::Tensor& gradient,
                       bool accumulate) const;

 private:
  MatrixPath path_;
};

// As text, such as "aten onednn aten": forward, input, weight.
std::string to_string(const MatrixPath& path);
MatrixPath parse_matrix_path(const std::string& text);  // throws ERR_TORCH

// Times the products of a layer of middle size on this machine, about a tenth of a second. A library must be
// a tenth faster than ATen's to be taken, so that noise does not decide.
MatrixPath measure_matrix_path();

}  // namespace nerbert
