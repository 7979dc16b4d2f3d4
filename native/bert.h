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
  Bert(const Geometry& geometry, const StopFlag& stop) : geometry_(geometry), stop_(stop) {}

  // -> the last hidden state, (pieces, hidden). `memory`: filled for backward(), or null. `hidden_states`:
  // receives the embeddings and the output of each layer, or null.
  at::Tensor forward(const DeviceBatch& batch, const ModelTensors& parameters, const Dropout& dropout,
                     BertMemory* memory, std::vector<at::Tensor>* hidden_states) const;

  // Adds to `gradients` those of all parameters of the encoder. `grad`: by the last hidden state, (pieces,
  // hidden). The memory of a layer is freed when it has been used.
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

  const Geometry& geometry_;
  const StopFlag& stop_;
};

}  // namespace nerbert
