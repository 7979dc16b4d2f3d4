#include "classifier.h"

#include <ATen/ops/_log_softmax.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/zeros_like.h>

#include "linear.h"

namespace nerbert {
namespace {

// (labelled): the weight of each labelled piece.
at::Tensor piece_weights(const DeviceBatch& batch, const at::Tensor& class_weights, const at::Tensor& like) {
  if (!class_weights.defined()) return at::ones_like(batch.targets, like.options());
  return class_weights.index_select(0, batch.targets);
}

// (labelled): weight * -log p(label)
at::Tensor piece_losses(const at::Tensor& log_probabilities, const DeviceBatch& batch,
                        const at::Tensor& weights) {
  return log_probabilities.gather(1, batch.targets.unsqueeze(1)).squeeze(1).mul_(weights).neg_();
}

}  // namespace

at::Tensor classify(const at::Tensor& hidden, const AffineTensors& classifier) {
  return linear(hidden, classifier);
}

LossSum cross_entropy(const at::Tensor& logits, const DeviceBatch& batch, const at::Tensor& class_weights) {
  const at::Tensor weights = piece_weights(batch, class_weights, logits);
  const at::Tensor losses = piece_losses(at::_log_softmax(logits, -1, false), batch, weights);
  return {losses.sum(at::kDouble).item<double>(), weights.sum(at::kDouble).item<double>()};
}

LossGradient classifier_backward(const at::Tensor& hidden, const DeviceBatch& batch,
                                 const AffineTensors& classifier, const at::Tensor& class_weights,
                                 const at::Tensor& denominators, const Dropout& dropout) {
  const at::Tensor input = dropout.classifier(hidden.clone());
  const at::Tensor log_probabilities = at::_log_softmax(linear(input, classifier), -1, false);
  const at::Tensor weights = piece_weights(batch, class_weights, hidden);
  // Added up on the CPU: on a GPU the order would change from run to run.
  const at::Tensor losses = at::zeros_like(denominators);
  losses.index_add_(0, batch.micro_batches,
                    piece_losses(log_probabilities, batch, weights).to(at::kCPU, at::kDouble));
  losses.div_(denominators);

  // d loss / d logits = weight * (p - onehot(label)) / denominator
  const at::Tensor piece_denominators =
      denominators.index_select(0, batch.micro_batches).to(hidden.device(), at::kFloat);
  at::Tensor grad_logits = log_probabilities.exp();
  grad_logits.scatter_add_(1, batch.targets.unsqueeze(1), at::ones_like(weights).neg_().unsqueeze(1));
  grad_logits.mul_(weights.div(piece_denominators).unsqueeze(1));

  return {losses, input, grad_logits, dropout.classifier(linear_backward_input(grad_logits, classifier))};
}

}  // namespace nerbert
