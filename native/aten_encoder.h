#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "attention.h"
#include "batch.h"
#include "dropout.h"
#include "encoder.h"
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

// The encoder in ATen's own operations, for any device. It is what runs on a GPU; on a CPU it is what
// CpuEncoder is tested against.
class AtenEncoder final : public Encoder {
 public:
  // `parameters`: float32, or bfloat16 where linear layers multiply. `frozen`: blocks from the bottom, the
  // embeddings and then layers, that get no gradients. `checkpointing`: keep the input of each layer alone,
  // and compute the layer again when its gradient is due.
  AtenEncoder(const Geometry& geometry, int64_t frozen, const StopFlag& stop, const ModelTensors& parameters,
              bool checkpointing)
      : geometry_(geometry),
        frozen_(frozen),
        stop_(stop),
        parameters_(parameters),
        checkpointing_(checkpointing) {}

  void set_matrix_path(const MatrixPath&) override {}
  at::Tensor forward(const DeviceBatch& batch, std::vector<at::Tensor>* hidden_states) override;
  at::Tensor forward_labelled(const DeviceBatch& batch) override;
  void begin_step(const Gradients& gradients) override;
  const std::vector<int64_t>* touched_words() const override { return nullptr; }
  // Takes a team of one alone: ATen's operations use all threads themselves.
  std::vector<at::Tensor> train_forward(Team& team, const std::vector<TrainingShare>& shares) override;
  void backward(Team& team, const std::vector<at::Tensor>& grads) override;

 private:
  // `memory`: filled for backward(), or null.
  at::Tensor run(const DeviceBatch& batch, const Dropout& dropout, BertMemory* memory,
                 std::vector<at::Tensor>* hidden_states) const;
  at::Tensor embed(const DeviceBatch& batch, const Dropout& dropout, NormMemory* memory) const;
  at::Tensor layer(int64_t index, const at::Tensor& input, const DeviceBatch& batch, const Dropout& dropout,
                   LayerMemory* memory) const;
  at::Tensor layer_backward(int64_t index, const at::Tensor& grad, const DeviceBatch& batch,
                            const Dropout& dropout, const LayerMemory& memory) const;
  void backward(const at::Tensor& grad_labelled);
  void embed_backward(at::Tensor grad, const DeviceBatch& batch, const Dropout& dropout) const;
  at::Tensor normalise(const at::Tensor& input, const AffineTensors& parameters, NormMemory* memory) const;

  bool trains_embeddings() const { return frozen_ == 0; }
  bool trains_layer(size_t index) const { return static_cast<int64_t>(index) + 1 >= frozen_; }

  const Geometry& geometry_;
  const int64_t frozen_;
  const StopFlag& stop_;
  const ModelTensors& parameters_;
  const bool checkpointing_;
  const Gradients* gradients_ = nullptr;
  BertMemory memory_;
  const TrainingShare* share_ = nullptr;  // whose forward pass memory_ is of
};

}  // namespace nerbert
