#pragma once

#include <ATen/core/Tensor.h>

#include "batch.h"
#include "dropout.h"
#include "parameters.h"

namespace nerbert {

// The cross-entropy of a micro-batch over its labelled pieces.
struct LossSum {
  double loss = 0;    // sum of weight[label] * -log p(label)
  double weight = 0;  // sum of weight[label]; the number of labelled pieces without class weights

  LossSum& operator+=(const LossSum& other) {
    loss += other.loss;
    weight += other.weight;
    return *this;
  }
};

// hidden (pieces, hidden) -> logits (pieces, labels).
at::Tensor classify(const at::Tensor& hidden, const AffineTensors& classifier);

// Loss of the logits of the labelled pieces, (labelled, labels). class_weights: (labels) or undefined.
LossSum cross_entropy(const at::Tensor& logits, const DeviceBatch& batch, const at::Tensor& class_weights);

// The objective of a last hidden state of the labelled pieces, with its gradients: the sum of the losses,
// each over the denominator of its micro-batch.
struct LossGradient {
  at::Tensor losses;       // (micro-batches) float64, on the CPU: their shares of the objective
  at::Tensor input;        // (labelled, hidden): of the classifier, after dropout
  at::Tensor grad_logits;  // (labelled, labels)
  at::Tensor grad_hidden;  // (labelled, hidden): by the hidden state
};
// `denominators`: (micro-batches) float64, on the CPU.
LossGradient classifier_backward(const at::Tensor& hidden, const DeviceBatch& batch,
                                 const AffineTensors& classifier, const at::Tensor& class_weights,
                                 const at::Tensor& denominators, const Dropout& dropout);

}  // namespace nerbert
