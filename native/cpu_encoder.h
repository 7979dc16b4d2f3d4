#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cpu_layer.h"
#include "encoder.h"
#include "executor.h"
#include "geometry.h"
#include "products.h"

namespace nerbert {

// The encoder on a CPU: matrix products by a library, all that lies between them fused into the kernels of
// kernels/table.h. T is the type of the products, float or c10::BFloat16; sums, norms, softmax and what flows
// along the residual connections are float32. No position is padding, no attention crosses sequences, and
// where only labelled pieces are wanted the last layer asks and answers for them alone. The results do not
// depend on the number of threads beyond what the library's products do. Tensors are made in the caller's
// Arena::Scope, one for each pass.
template <class T>
class CpuEncoder final : public Encoder {
 public:
  // `values`: float32 parameters. `weights`: those of the linear layers in T; the same where T is float.
  // `frozen`: blocks from the bottom, the embeddings and then layers, that get no gradients. `checkpointing`:
  // keep the input of each layer alone, and compute the layer again when its gradient is due.
  CpuEncoder(const Geometry& geometry, int64_t frozen, const StopFlag& stop, const ModelTensors& values,
             const ModelTensors& weights, const MatrixPath& path, bool checkpointing)
      : geometry_(geometry),
        frozen_(frozen),
        stop_(stop),
        values_(values),
        weights_(weights),
        products_(products_for(geometry, path)),
        checkpointing_(checkpointing) {}

  void set_matrix_path(const MatrixPath& path) override { products_ = products_for(geometry_, path); }
  at::Tensor forward(const DeviceBatch& batch, std::vector<at::Tensor>* hidden_states) override;
  at::Tensor forward_labelled(const DeviceBatch& batch) override;
  void begin_step(const Gradients& gradients) override;
  const std::vector<int64_t>* touched_words() const override { return &touched_words_; }
  at::Tensor train_forward(const DeviceBatch& batch, const Dropout& dropout) override;
  void backward(const at::Tensor& grad, const DeviceBatch& batch, const Dropout& dropout) override;

 private:
  using Stream = typename CpuLayer<T>::Stream;
  using NormMemory = typename CpuLayer<T>::NormMemory;
  using Memory = typename CpuLayer<T>::Memory;

  // oneDNN takes long to begin: with small matrices ATen's choice is the faster one everywhere.
  static Products products_for(const Geometry& geometry, const MatrixPath& path) {
    constexpr int64_t kSmallest = 256;
    return Products(geometry.hidden_size < kSmallest ? MatrixPath{} : path);
  }

  Stream make_stream(int64_t rows) const { return CpuLayer<T>::make_stream(rows, geometry_); }
  CpuLayer<T> layer(size_t index) const {
    return {geometry_, static_cast<int64_t>(index), values_.layers[index], weights_.layers[index], products_};
  }

  // Embeddings and the lowest `layers` layers in evaluation mode -> the output of the last of them.
  Stream run(const CpuPass& pass, size_t layers, std::vector<at::Tensor>* hidden_states) const;
  void embed(const CpuPass& pass, const Stream& output, const NormMemory& memory) const;
  void train_layer(size_t index, const CpuPass& pass, const Selection* selection, const Stream& input,
                   const Stream& attended, const Stream& output);
  // (pieces, hidden) T
  at::Tensor input_of(size_t index, const CpuPass& pass) const;
  void embed_backward(const CpuPass& pass, const at::Tensor& grad);

  bool trains_embeddings() const { return frozen_ == 0; }
  bool trains_layer(size_t index) const { return static_cast<int64_t>(index) + 1 >= frozen_; }
  // Whether the layer below keeps nothing to make this one's input from.
  bool keeps_input(size_t index) const {
    return trains_layer(index) && (checkpointing_ || index == 0 || !trains_layer(index - 1));
  }

  const Geometry& geometry_;
  const int64_t frozen_;
  const StopFlag& stop_;
  const ModelTensors& values_;
  const ModelTensors& weights_;
  Products products_;
  const bool checkpointing_;

  const Gradients* gradients_ = nullptr;
  bool accumulate_ = false;             // whether this step's gradients hold a micro-batch already
  std::vector<int64_t> touched_words_;  // rows of the word embeddings' gradient that are not zero

  std::optional<Selection> selection_;
  NormMemory embedding_memory_;
  std::vector<Stream> inputs_;  // of each layer that keeps its own
  std::vector<Memory> layers_;
};

extern template class CpuEncoder<float>;
extern template class CpuEncoder<c10::BFloat16>;

}  // namespace nerbert
