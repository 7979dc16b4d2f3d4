#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "batch.h"
#include "dropout.h"
#include "geometry.h"
#include "gradient_terms.h"
#include "kernels/table.h"
#include "parameters.h"
#include "products.h"

namespace nerbert {

// A forward pass on a CPU and the backward pass to it.
struct CpuPass {
  CpuPass(const DeviceBatch& batch, const Dropout& dropout, int64_t heads);

  const DeviceBatch& batch;
  const Dropout& dropout;
  std::vector<uint32_t> groups;  // (sequences): of the attention's dropout
  int64_t longest;
};

// The pieces that ask in a layer where not all of them do: those with a label.
struct Selection {
  explicit Selection(const DeviceBatch& batch);

  at::Tensor rows;                        // (asking) int64
  std::vector<int32_t> sources;           // (asking): the same
  std::vector<int32_t> positions;         // (asking): within the sequence
  std::vector<int64_t> boundaries = {0};  // (sequences + 1): of the asking pieces
};

// A layer of the encoder on a CPU. T is the type of the products. Null for a Selection: all pieces ask.
// Tensors are made in the caller's Arena::Use.
template <class T>
class CpuLayer {
 public:
  // What flows along the residual connections, and the same as the next product wants it: one tensor where T
  // is float.
  struct Stream {
    at::Tensor full;   // (rows, hidden) float32
    at::Tensor typed;  // (rows, hidden) T
  };
  // Undefined where no gradient will be asked for.
  struct NormMemory {
    at::Tensor normalised;  // (rows, hidden) float32
    at::Tensor rstd;        // (rows) float32
  };
  // What the backward pass needs of the forward pass. Inputs of products that a LayerNorm gave are not among
  // it: norm_output() makes them again.
  struct Memory {
    at::Tensor asked;      // (asking, hidden) T: their rows of the input; undefined where all ask
    at::Tensor query;      // (asking, hidden) T, without its bias
    at::Tensor key_value;  // (pieces, 2 * hidden) T, without its bias
    at::Tensor log_sums;   // (asking, heads) float32
    at::Tensor context;    // (asking, hidden) T
    NormMemory attention_norm;
    at::Tensor intermediate;  // (asking, intermediate) T, before bias and activation
    NormMemory output_norm;
  };

  static Stream make_stream(int64_t rows, const Geometry& geometry);
  static NormMemory make_norm_memory(int64_t rows, const Geometry& geometry);
  // (rows, hidden) T: what a LayerNorm gave.
  static at::Tensor norm_output(const NormMemory& memory, const AffineTensors& norm, int64_t rows);

  // `values`: float32 parameters. `weights`: those of the linear layers in T; the same where T is float.
  CpuLayer(const Geometry& geometry, int64_t index, const LayerTensors& values, const LayerTensors& weights,
           const Products& products)
      : geometry_(geometry), index_(index), values_(values), weights_(weights), products_(products) {}

  // `attended`: receives what the attention's LayerNorm gives. `trains`: whether `memory` will serve a
  // backward pass; else it holds only what is needed on the way.
  void forward(const CpuPass& pass, const Selection* selection, const Stream& input, const Stream& attended,
               const Stream& output, bool trains, Memory& memory) const;

  // `grad` by the output, (asking, hidden) float32 -> `grad_input` (pieces, hidden) float32, and what is to
  // be added to the layer's gradients. `input`: the forward pass's, (pieces, hidden) T.
  GradientTerms backward(const CpuPass& pass, const Selection* selection, const at::Tensor& grad,
                         const at::Tensor& input, const Memory& memory, const at::Tensor& grad_input,
                         const LayerTensors& gradients) const;

 private:
  // What a product goes through on its way back to the residual connection: bias, dropout, sum, LayerNorm.
  struct Branch {
    const AffineTensors& linear;
    const AffineTensors& norm;
    uint32_t dropout_site;
  };
  Branch attention_branch(const LayerTensors& tensors) const;
  Branch output_branch(const LayerTensors& tensors) const;

  // What forward and backward pass share.
  kernels::Attention<T> attention_arguments(const CpuPass& pass, const Selection* selection,
                                            const Memory& memory) const;
  // `activated` (asking, intermediate) T; `grad` the same, or undefined in a forward pass.
  kernels::ActivationPass<T> activation_arguments(const Memory& memory, const at::Tensor& activated,
                                                  const at::Tensor& grad) const;

  void attend(const CpuPass& pass, const Selection* selection, Memory& memory) const;
  // `residual_rows`: which row of the residual each row of the product is added to; null: its own.
  void join(const Branch& values, const CpuPass& pass, const Selection* selection, const at::Tensor& product,
            const at::Tensor& residual, const int32_t* residual_rows, const Stream& output,
            const NormMemory& memory) const;

  // `grad_context` (asking, hidden) T -> the gradients by query and by key and value.
  void attend_backward(const CpuPass& pass, const Selection* selection, const at::Tensor& grad_context,
                       const Memory& memory, const at::Tensor& grad_query,
                       const at::Tensor& grad_key_value) const;
  // `grad` by the output, in two parts of which the second may be undefined -> the gradient by the product,
  // (rows, hidden) T; that by the residual goes to `grad_residual`.
  at::Tensor join_backward(const Branch& values, const Branch& gradients, const CpuPass& pass,
                           const Selection* selection, const at::Tensor& grad, const at::Tensor& grad_more,
                           const NormMemory& memory, const at::Tensor& grad_residual,
                           GradientTerms& terms) const;
  // The sum of the first `rows` rows of `grad`.
  static at::Tensor bias_term(const at::Tensor& grad, int64_t rows);

  const Geometry& geometry_;
  const int64_t index_;
  const LayerTensors& values_;
  const LayerTensors& weights_;
  const Products& products_;
};

extern template class CpuLayer<float>;
extern template class CpuLayer<c10::BFloat16>;

}  // namespace nerbert
