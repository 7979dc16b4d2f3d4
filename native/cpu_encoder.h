#pragma once

#include <cstdint>
#include <vector>

#include "encoder.h"
#include "executor.h"
#include "geometry.h"
#include "products.h"

namespace nerbert {

// The encoder on a CPU: matrix products by a library, all that lies between them fused into the kernels of
// kernels/table.h. T is the type of the products, float or c10::BFloat16; sums, norms, softmax and what flows
// along the residual connections are float32. No position is padding, no attention crosses sequences, and in
// training the last layer asks and answers for labelled pieces alone. The results do not depend on the number
// of threads beyond what the library's products do. Tensors are made in the caller's Arena::Scope, one for
// each pass.
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
  void begin_step(const Gradients& gradients) override;
  const std::vector<int64_t>* touched_words() const override { return &touched_words_; }
  at::Tensor train_forward(const DeviceBatch& batch, const Dropout& dropout) override;
  void backward(const at::Tensor& grad, const DeviceBatch& batch, const Dropout& dropout) override;

 private:
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
  // `asking`: the labelled pieces in the last layer of training, else all pieces.
  // Inputs of products that a LayerNorm gave are not among them: norm_output() makes them again.
  struct LayerMemory {
    at::Tensor asked;      // (asking, hidden) T: their rows of the input; undefined where all ask
    at::Tensor query;      // (asking, hidden) T, without its bias
    at::Tensor key_value;  // (pieces, 2 * hidden) T, without its bias
    at::Tensor log_sums;   // (asking, heads) float32
    at::Tensor context;    // (asking, hidden) T
    NormMemory attention_norm;
    at::Tensor intermediate;  // (asking, intermediate) T, before bias and activation
    NormMemory output_norm;
  };
  // The pieces that ask, where not all of them do.
  struct Selection {
    at::Tensor rows;                  // (asking) int64
    std::vector<int32_t> sources;     // (asking): the same
    std::vector<int32_t> positions;   // (asking): within the sequence
    std::vector<int64_t> boundaries;  // (sequences + 1): of the asking pieces
  };
  // One forward pass, or the backward pass to it.
  struct Pass {
    Pass(const DeviceBatch& batch, const Dropout& dropout, int64_t heads);

    const DeviceBatch& batch;
    const Dropout& dropout;
    std::vector<uint32_t> groups;  // (sequences): of the attention's dropout
    int64_t longest;
  };

  // What a product goes through on its way back to the residual connection: bias, dropout, sum, LayerNorm.
  struct Branch {
    const AffineTensors& linear;
    const AffineTensors& norm;
    uint32_t dropout_site;
  };
  static Branch attention_branch(const LayerTensors& layer, int64_t index);
  static Branch output_branch(const LayerTensors& layer, int64_t index);

  // oneDNN takes long to begin: with small matrices ATen's choice is the faster one everywhere.
  static Products products_for(const Geometry& geometry, const MatrixPath& path) {
    constexpr int64_t kSmallest = 256;
    return Products(geometry.hidden_size < kSmallest ? MatrixPath{} : path);
  }

  static Selection labelled_pieces(const DeviceBatch& batch);
  static int64_t rows_of(const Pass& pass, const Selection* selection);  // pieces that ask
  Stream make_stream(int64_t rows) const;
  NormMemory make_norm_memory(int64_t rows) const;

  void embed(const Pass& pass, const Stream& output, const NormMemory& memory) const;
  // `attended`: receives what the attention's LayerNorm gives. `trains`: whether `memory` will serve a
  // backward pass; else it holds only what is needed on the way.
  void layer(int64_t index, const Pass& pass, const Selection* selection, const Stream& input,
             const Stream& attended, const Stream& output, bool trains, LayerMemory& memory) const;
  void train_layer(size_t index, const Pass& pass, const Selection* selection, const Stream& input,
                   const Stream& attended, const Stream& output);
  void attend(int64_t index, const Pass& pass, const Selection* selection, LayerMemory& memory) const;
  // `residual_rows`: which row of the residual each row of the product is added to; null: its own.
  void join(const Branch& values, const Pass& pass, const Selection* selection, const at::Tensor& product,
            const at::Tensor& residual, const int32_t* residual_rows, const Stream& output,
            const NormMemory& memory) const;

  // (rows, hidden) T
  at::Tensor norm_output(const NormMemory& memory, const AffineTensors& norm, int64_t rows) const;
  // (pieces, hidden) T
  at::Tensor input_of(int64_t index, const Pass& pass) const;

  void embed_backward(const Pass& pass, const at::Tensor& grad);
  // `grad` by the layer's output, (asking, hidden) float32 -> `grad_input` (pieces, hidden) float32.
  void layer_backward(int64_t index, const Pass& pass, const Selection* selection, const at::Tensor& grad,
                      const at::Tensor& grad_input, const LayerMemory& memory);
  // `grad_context` (asking, hidden) T -> the gradients by query and by key and value.
  void attend_backward(int64_t index, const Pass& pass, const Selection* selection,
                       const at::Tensor& grad_context, const LayerMemory& memory,
                       const at::Tensor& grad_query, const at::Tensor& grad_key_value);
  // `grad` by the output, in two parts of which the second may be undefined -> the gradient by the product,
  // (rows, hidden) T; that by the residual goes to `grad_residual`.
  at::Tensor join_backward(const Branch& values, const Branch& gradients, const Pass& pass,
                           const Selection* selection, const at::Tensor& grad, const at::Tensor& grad_more,
                           const NormMemory& memory, const at::Tensor& grad_residual);
  // Adds rows of `from` (rows, hidden) to those of `to` that `ids` (rows) name, int64.
  void scatter(const at::Tensor& from, const at::Tensor& ids, const at::Tensor& to) const;
  void give_weight(const at::Tensor& grad, const at::Tensor& input, const at::Tensor& gradient) const;
  void give_bias(const at::Tensor& grad, int64_t rows, const at::Tensor& gradient) const;
  // Writes a sum to a gradient, or adds it where there was a micro-batch before.
  void give(const at::Tensor& gradient, const float* sum) const;

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

  Selection selection_;
  NormMemory embedding_memory_;
  std::vector<Stream> inputs_;  // of each layer that keeps its own
  std::vector<LayerMemory> layers_;
};

extern template class CpuEncoder<float>;
extern template class CpuEncoder<c10::BFloat16>;

}  // namespace nerbert
