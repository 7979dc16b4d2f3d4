#include "aten_encoder.h"

#include <ATen/ops/embedding.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/gelu_backward.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/native_layer_norm_backward.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/threshold_backward.h>
#include <ATen/ops/zeros.h>

#include "linear.h"

namespace nerbert {
namespace {

at::Tensor activate(const at::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::kGelu:
      return at::gelu(x);
    case Activation::kGeluTanh:
      return at::gelu(x, "tanh");
    case Activation::kRelu:
      return at::relu(x);
  }
  return x;
}

at::Tensor activate_backward(const at::Tensor& grad, const at::Tensor& x, Activation activation) {
  switch (activation) {
    case Activation::kGelu:
      return at::gelu_backward(grad, x);
    case Activation::kGeluTanh:
      return at::gelu_backward(grad, x, "tanh");
    case Activation::kRelu:
      return at::threshold_backward(grad, x, 0);
  }
  return grad;
}

at::Tensor normalise_backward(const at::Tensor& grad, const AffineTensors& parameters,
                              const AffineTensors& gradients, const NormMemory& memory) {
  const auto [grad_input, grad_weight, grad_bias] =
      at::native_layer_norm_backward(grad, memory.input, {memory.input.size(1)}, memory.mean, memory.rstd,
                                     parameters.weight, parameters.bias, {true, true, true});
  gradients.weight.add_(grad_weight);
  gradients.bias.add_(grad_bias);
  return grad_input;
}

}  // namespace

at::Tensor AtenEncoder::normalise(const at::Tensor& input, const AffineTensors& parameters,
                                  NormMemory* memory) const {
  const auto [output, mean, rstd] = at::native_layer_norm(input, {geometry_.hidden_size}, parameters.weight,
                                                          parameters.bias, geometry_.layer_norm_eps);
  if (memory) *memory = {input, mean, rstd};
  return output;
}

at::Tensor AtenEncoder::embed(const DeviceBatch& batch, const Dropout& dropout, NormMemory* memory) const {
  at::Tensor sum = at::embedding(parameters_.word_embeddings, batch.input_ids);
  sum.add_(at::embedding(parameters_.token_type_embeddings, batch.token_type_ids));
  sum.add_(at::embedding(parameters_.position_embeddings, batch.position_ids));
  return dropout.hidden(normalise(sum, parameters_.embedding_norm, memory), DropoutSite::kEmbeddings);
}

at::Tensor AtenEncoder::layer(int64_t index, const at::Tensor& input, const DeviceBatch& batch,
                              const Dropout& dropout, LayerMemory* memory) const {
  const LayerTensors& parameters = parameters_.layers[index];
  const at::Tensor context =
      attention(linear(input, parameters.query_key_value), batch, geometry_.num_attention_heads, dropout,
                index, memory ? &memory->attention : nullptr);
  const at::Tensor projected =
      dropout.hidden(linear(context, parameters.attention_output), DropoutSite::attention_output(index))
          .add_(input);
  const at::Tensor attended =
      normalise(projected, parameters.attention_norm, memory ? &memory->attention_norm : nullptr);
  const at::Tensor intermediate = linear(attended, parameters.intermediate);
  const at::Tensor activated = activate(intermediate, geometry_.activation);
  const at::Tensor output =
      dropout.hidden(linear(activated, parameters.output), DropoutSite::output(index)).add_(attended);
  if (memory) {
    memory->input = input;
    memory->context = context;
    memory->attended = attended;
    memory->intermediate = intermediate;
    memory->activated = activated;
  }
  return normalise(output, parameters.output_norm, memory ? &memory->output_norm : nullptr);
}

at::Tensor AtenEncoder::run(const DeviceBatch& batch, const Dropout& dropout, BertMemory* memory,
                            std::vector<at::Tensor>* hidden_states) const {
  if (memory) memory->layers.assign(parameters_.layers.size(), {});
  at::Tensor x = embed(batch, dropout, memory && trains_embeddings() ? &memory->embedding_norm : nullptr);
  if (hidden_states) hidden_states->push_back(x);
  for (size_t i = 0; i < parameters_.layers.size(); i++) {
    stop_.check();
    const bool trains = memory && trains_layer(i);
    if (trains && checkpointing_) memory->layers[i].input = x;
    x = layer(static_cast<int64_t>(i), x, batch, dropout,
              trains && !checkpointing_ ? &memory->layers[i] : nullptr);
    if (hidden_states) hidden_states->push_back(x);
  }
  return x;
}

at::Tensor AtenEncoder::forward(const DeviceBatch& batch, std::vector<at::Tensor>* hidden_states) {
  return run(batch, Dropout(), nullptr, hidden_states);
}

at::Tensor AtenEncoder::forward_labelled(const DeviceBatch& batch) {
  return run(batch, Dropout(), nullptr, nullptr).index_select(0, batch.labelled);
}

void AtenEncoder::begin_step(const Gradients& gradients) {
  gradients_ = &gradients;
  gradients.flat.zero_();
}

std::vector<at::Tensor> AtenEncoder::train_forward(Team& team, const std::vector<TrainingShare>& shares) {
  std::vector<at::Tensor> hidden(1);
  team.each([&](size_t i) {
    share_ = &shares[i];
    const auto& [batch, dropout] = *share_;
    hidden[i] = run(batch, dropout, &memory_, nullptr).index_select(0, batch.labelled);
  });
  return hidden;
}

at::Tensor AtenEncoder::layer_backward(int64_t index, const at::Tensor& grad, const DeviceBatch& batch,
                                       const Dropout& dropout, const LayerMemory& memory) const {
  const LayerTensors& parameters = parameters_.layers[index];
  const LayerTensors& gradients = gradients_->views.layers[index];
  // Each residual connection hands its gradient to both branches; dropout lies on the computed one alone.
  at::Tensor grad_attended =
      normalise_backward(grad, parameters.output_norm, gradients.output_norm, memory.output_norm);
  const at::Tensor grad_output = dropout.hidden(grad_attended.clone(), DropoutSite::output(index));
  linear_backward_parameters(grad_output, memory.activated, parameters.output, gradients.output);
  const at::Tensor grad_intermediate = activate_backward(
      linear_backward_input(grad_output, parameters.output), memory.intermediate, geometry_.activation);
  linear_backward_parameters(grad_intermediate, memory.attended, parameters.intermediate,
                             gradients.intermediate);
  grad_attended.add_(linear_backward_input(grad_intermediate, parameters.intermediate));

  at::Tensor grad_input = normalise_backward(grad_attended, parameters.attention_norm,
                                             gradients.attention_norm, memory.attention_norm);
  const at::Tensor grad_projected = dropout.hidden(grad_input.clone(), DropoutSite::attention_output(index));
  linear_backward_parameters(grad_projected, memory.context, parameters.attention_output,
                             gradients.attention_output);
  const at::Tensor grad_query_key_value =
      attention_backward(linear_backward_input(grad_projected, parameters.attention_output), batch,
                         geometry_.num_attention_heads, dropout, index, memory.attention);
  linear_backward_parameters(grad_query_key_value, memory.input, parameters.query_key_value,
                             gradients.query_key_value);
  return grad_input.add_(linear_backward_input(grad_query_key_value, parameters.query_key_value));
}

void AtenEncoder::embed_backward(at::Tensor grad, const DeviceBatch& batch, const Dropout& dropout) const {
  const ModelTensors& gradients = gradients_->views;
  grad = dropout.hidden(std::move(grad), DropoutSite::kEmbeddings);
  const at::Tensor grad_sum =
      normalise_backward(grad, parameters_.embedding_norm, gradients.embedding_norm, memory_.embedding_norm);
  gradients.word_embeddings.index_add_(0, batch.input_ids, grad_sum);
  gradients.token_type_embeddings.index_add_(0, batch.token_type_ids, grad_sum);
  gradients.position_embeddings.index_add_(0, batch.position_ids, grad_sum);
  if (geometry_.pad_token_id >= 0) gradients.word_embeddings.select(0, geometry_.pad_token_id).zero_();
}

void AtenEncoder::backward(Team& team, const std::vector<at::Tensor>& grads) {
  team.each([&](size_t i) { backward(grads[i]); });
}

void AtenEncoder::backward(const at::Tensor& grad_labelled) {
  const auto& [batch, dropout] = *share_;
  at::Tensor grad = at::zeros({batch.pieces(), geometry_.hidden_size}, grad_labelled.options());
  grad.index_copy_(0, batch.labelled, grad_labelled);
  for (size_t i = parameters_.layers.size(); i-- > 0 && trains_layer(i);) {
    stop_.check();
    const auto index = static_cast<int64_t>(i);
    LayerMemory& memory = memory_.layers[i];
    if (checkpointing_) layer(index, memory.input, batch, dropout, &memory);
    grad = layer_backward(index, grad, batch, dropout, memory);
    memory = {};
  }
  if (trains_embeddings()) embed_backward(std::move(grad), batch, dropout);
  memory_ = {};
}

}  // namespace nerbert
