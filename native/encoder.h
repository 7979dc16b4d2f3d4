#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "batch.h"
#include "dropout.h"
#include "parameters.h"
#include "products.h"
#include "team.h"

namespace nerbert {

// All gradients in one flat buffer, laid out like the parameters.
struct Gradients {
  at::Tensor flat;
  ModelTensors views;
};

// The sequences that are computed at once, all or those of one thread, and their dropout.
struct TrainingShare {
  DeviceBatch batch;
  Dropout dropout;
};

// The BERT encoder over packed batches: embeddings and layers. Gradients are written by hand, so that nothing
// is recorded that is not needed and a running step can be stopped between layers.
class Encoder {
 public:
  virtual ~Encoder() = default;

  // Chooses the libraries of the products anew; where there is no choice nothing happens.
  virtual void set_matrix_path(const MatrixPath& path) = 0;

  // Evaluation: -> the last hidden state, (pieces, hidden) float32. `hidden_states`: receives the embeddings
  // and the output of each layer, or null.
  virtual at::Tensor forward(const DeviceBatch& batch, std::vector<at::Tensor>* hidden_states) = 0;

  // The same for the pieces that have a label, of which there must be one: -> (labelled, hidden) float32.
  virtual at::Tensor forward_labelled(const DeviceBatch& batch) = 0;

  // Call before the first train_forward() of a step, with gradients that only this encoder has written to
  // since they were made of zeros: those of the encoder are zero after, or will be overwritten.
  virtual void begin_step(const Gradients& gradients) = 0;

  // The rows of the word embeddings whose gradients the step may have made other than zero, with repetitions;
  // null: all.
  virtual const std::vector<int64_t>* touched_words() const = 0;

  // Training, with a share for each member of the team: -> of each the last hidden state of the labelled
  // pieces, (labelled, hidden) float32, which alone the loss looks at. Remembers what backward() needs.
  virtual std::vector<at::Tensor> train_forward(Team& team, const std::vector<TrainingShare>& shares) = 0;

  // After train_forward(), once, with the same team and while its shares are still there: adds to the step's
  // gradients. `grads`: by its results.
  virtual void backward(Team& team, const std::vector<at::Tensor>& grads) = 0;
};

}  // namespace nerbert
