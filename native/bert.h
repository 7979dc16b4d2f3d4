#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "attention.h"
#include "batch.h"
#include "dropout.h"
#include "executor.h"
#include "geometry.h"
#include "parameters.h"

namespace nerbert {

// Input, mean and reciprocal standard deviation of a LayerNorm.
struct NormMemory {
  at::Tensor input;  // (pieces, hidden)
  at::Tensor mean;   // (pieces, 1)
  at::Tensor rstd;   // (pieces, 1)
};

struct LayerMemory {
  at::Tensor input;  // (pieces, hidden)
  AttentionMemory attention;
  at::Tensor context;  // (pieces, hidden)
  NormMemory attention_norm;
  at::Tensor attended;      // (pieces, hidden): output of the attention's LayerNorm
  at::Tensor intermediate;  // (pieces, intermediate): before the activation
  at::Tensor activated;     // (pieces, intermediate)
  NormMemory output_norm;
};

// What the backward pass of a micro-batch needs of its forward pass.
struct BertMemory {
  NormMemory embedding_norm;
  std::vector<LayerMemory> layers;
};

// The BERT encoder over packed batches. Gradients are written by hand, so that nothing is recorded that is
// not needed and a running step can be stopped between layers.
class Bert {
 public:
  // `frozen`: blocks from the bottom, the embeddings and then layers, that get no gradients.
  Bert(const Geometry& geometry, int64_t frozen, const StopFlag& stop)
      : geometry_(geometry), frozen_(frozen), stop_(stop) {}

  // -> the last hidden state, (pieces, hidden). `memory`: filled for backward(), or null. `hidden_states`:
  // receives the embeddings and the output of each layer, or null.
  at::Tensor forward(const DeviceBatch& batch, const ModelTensors& parameters, const Dropout& dropout,
                     BertMemory* memory, std::vector<at::Tensor>* hidden_states) const;

  // Adds to `gradients` those of all parameters of the encoder that are trained. `grad`: by the last hidden
  // state, (pieces, hidden). The memory of a layer is freed when it has been used.
  void backward(at::Tensor grad, const DeviceBatch& batch, const ModelTensors& parameters,
                const ModelTensors& gradients, const Dropout& dropout, BertMemory& memory) const;

 private:
  at::Tensor embed(const DeviceBatch& batch, const ModelTensors& parameters, const Dropout& dropout,
                   NormMemory* memory) const;
  at::Tensor layer(int64_t index, const at::Tensor& input, const DeviceBatch& batch,
                   const LayerTensors& parameters, const Dropout& dropout, LayerMemory* memory) const;
  at::Tensor layer_backward(int64_t index, const at::Tensor& grad, const DeviceBatch& batch,
                            const LayerTensors& parameters, const LayerTensors& gradients,
                            const Dropout& dropout, const LayerMemory& memory) const;
  void embed_backward(at::Tensor grad, const DeviceBatch& batch, const ModelTensors& parameters,
                      const ModelTensors& gradients, const Dropout& dropout, const NormMemory& memory) const;
  at::Tensor normalise(const at::Tensor& input, const AffineTensors& parameters, NormMemory* memory) const;

  bool trains_embeddings() const { return frozen_ == 0; }
  bool trains_layer(size_t index) const { return static_cast<int64_t>(index) + 1 >= frozen_; }

  const Geometry& geometry_;
  const int64_t frozen_;
  const StopFlag& stop_;
};

}  // namespace nerbert
