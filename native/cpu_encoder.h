#pragma once

#include <cstdint>
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
// where only labelled pieces are wanted the last layer asks and answers for them alone. Training threads meet
// once a layer on the way back, for the gradients of its parameters, which are sums over all pieces. The
// results depend on the number of threads only in the order of such sums. Tensors are made in the caller's
// Arena::Use.
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
  std::vector<at::Tensor> train_forward(Team& team, const std::vector<TrainingShare>& shares) override;
  void backward(Team& team, const std::vector<at::Tensor>& grads) override;

 private:
  using Stream = typename CpuLayer<T>::Stream;
  using NormMemory = typename CpuLayer<T>::NormMemory;
  using Memory = typename CpuLayer<T>::Memory;

  // A share on its way forth and back.
  struct Share {
    Share(const TrainingShare& share, const Geometry& geometry)
        : pass(share.batch, share.dropout, geometry.num_attention_heads),
          labelled(share.batch),
          inputs(geometry.num_hidden_layers),
          layers(geometry.num_hidden_layers) {}

    // Null: in that layer all pieces ask.
    const Selection* selection(size_t layer) const {
      return layer + 1 == layers.size() ? &labelled : nullptr;
    }
    int64_t asking(size_t layer) const {
      return selection(layer) ? labelled.rows.numel() : pass.batch.pieces();
    }

    CpuPass pass;
    Selection labelled;
    NormMemory embedding;
    std::vector<Stream> inputs;  // of each layer that keeps its own
    std::vector<Memory> layers;
    // (pieces, hidden) float32: the gradients by the output of the layer that is next, and by its input
    at::Tensor above;
    at::Tensor below;
    at::Tensor spare;
  };

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
  at::Tensor train_forward(Share& share) const;
  void train_layer(size_t index, Share& share, const Stream& input, const Stream& attended,
                   const Stream& output) const;
  // (pieces, hidden) T
  at::Tensor input_of(size_t index, const Share& share) const;
  GradientTerms layer_backward(size_t index, Share& share) const;
  GradientTerms embed_backward(const Share& share) const;
  // Adds the gradients by what was looked up.
  void scatter_embeddings(const Share& share);

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
  bool accumulate_ = false;             // whether this step's gradients hold something already
  std::vector<int64_t> touched_words_;  // rows of the word embeddings' gradient that are not zero

  std::vector<Share> shares_;  // that are under way
};

extern template class CpuEncoder<float>;
extern template class CpuEncoder<c10::BFloat16>;

}  // namespace nerbert
