#include "engine.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <malloc.h>

#include <cmath>
#include <utility>

#include "device.h"
#include "failure.h"
#include "host_memory.h"
#include "tensor_file.h"

namespace nerbert {
namespace {

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

std::vector<float> to_host(const at::Tensor& tensor) {
  const at::Tensor host = tensor.to(at::kCPU).contiguous();
  const auto* data = host.const_data_ptr<float>();
  return {data, data + host.numel()};
}

// Batches of ever other sizes leave holes in the C library's heap, which would grow for as long as training
// lasts. Now and then its free pages go back to the system; taking them again costs far less than the steps
// between.
void return_free_memory(uint32_t step) {
  constexpr uint32_t kSteps = 64;
  if (step % kSteps == kSteps - 1) malloc_trim(0);
}

// Embeddings and LayerNorms are computed from float32, products from the compute copy.
ModelTensors mixed_views(const at::Tensor& values, const at::Tensor& compute_copy,
                         const ParameterLayout& layout, const Geometry& geometry) {
  ModelTensors model = view_model(compute_copy, layout, geometry);
  const ModelTensors full = view_model(values, layout, geometry);
  model.word_embeddings = full.word_embeddings;
  model.position_embeddings = full.position_embeddings;
  model.token_type_embeddings = full.token_type_embeddings;
  model.embedding_norm = full.embedding_norm;
  model.classifier = full.classifier;
  for (size_t i = 0; i < model.layers.size(); i++) {
    model.layers[i].attention_norm = full.layers[i].attention_norm;
    model.layers[i].output_norm = full.layers[i].output_norm;
  }
  return model;
}

}  // namespace

Engine::Engine(const EngineOptions& options, const StopFlag& stop)
    : geometry_(options.geometry),
      device_(usable_device(options.device)),
      dropout_(options.dropout),
      seed_(options.seed),
      frozen_(options.frozen),
      stop_(stop),
      layout_(geometry_),
      bert_(geometry_, frozen_, stop_) {
  values_ = device_.is_cpu()
                ? host_zeros(layout_.total())
                : at::zeros({layout_.total()}, at::TensorOptions().dtype(at::kFloat).device(device_));
  compute_copy_ = options.bfloat16 ? values_.to(at::kBFloat16) : values_;
  parameters_ = mixed_views(values_, compute_copy_, layout_, geometry_);
  if (!options.class_weights.empty()) class_weights_ = at::tensor(options.class_weights).to(device_);
}

void Engine::load(const std::vector<TensorLocation>& locations) {
  read_flat(values_, locations);
  refresh_compute_copy();
}

void Engine::read_flat(const at::Tensor& flat, const std::vector<TensorLocation>& locations) const {
  for (const auto& location : locations) {
    stop_.check();
    const at::Tensor target = view_of(flat, layout_.find(location.parameter));
    if (target.is_cpu() && location.strides.empty()) {
      read_tensor(location.file, location.offset, location.type, target);
    } else {
      const at::Tensor stored = at::empty({target.numel()}, at::kFloat);
      read_tensor(location.file, location.offset, location.type, stored);
      target.copy_(location.strides.empty() ? stored.view(target.sizes())
                                            : stored.as_strided(target.sizes(), location.strides));
    }
  }
}

void Engine::initialise(const std::vector<std::string>& names, double standard_deviation) {
  // Drawn on the CPU, so that a seed gives the same weights on every device.
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed_);
  for (const auto& name : names) {
    const at::Tensor target = view_of(values_, layout_.find(name));
    if (ends_with(name, "bias")) {
      target.zero_();
    } else if (ends_with(name, "LayerNorm.weight")) {
      target.fill_(1);
    } else {
      target.copy_(at::empty(target.sizes(), at::kFloat).normal_(0, standard_deviation, generator));
    }
    if (ends_with(name, "word_embeddings.weight") && geometry_.pad_token_id >= 0) {
      target.select(0, geometry_.pad_token_id).zero_();
    }
  }
  refresh_compute_copy();
}

void Engine::save(const std::vector<TensorLocation>& locations) const {
  write_flat(values_, locations);
}

void Engine::write_flat(const at::Tensor& flat, const std::vector<TensorLocation>& locations) const {
  for (const auto& location : locations) {
    stop_.check();
    write_tensor(location.file, location.offset,
                 view_of(flat, layout_.find(location.parameter)).to(at::kCPU));
  }
}

ForwardResult Engine::forward(const HostBatch& host, bool with_hidden_states) const {
  check_batch(host, geometry_, "batch");
  const DeviceBatch batch = to_device(host, device_);
  std::vector<at::Tensor> hidden_states;
  const at::Tensor hidden =
      bert_.forward(batch, parameters_, Dropout(), nullptr, with_hidden_states ? &hidden_states : nullptr);
  const at::Tensor logits = classify(hidden, parameters_.classifier);
  ForwardResult result{to_host(logits), cross_entropy(logits, batch, class_weights_), {}};
  for (const auto& state : hidden_states) result.hidden_states.push_back(to_host(state));
  return result;
}

void Engine::create_optimizer(int64_t id, const AdamOptions& options) {
  optimizers_.insert_or_assign(id, Adam(options, values_, layout_, frozen_));
}

int64_t Engine::save_optimizer(int64_t id, const MomentLocations& locations) const {
  const Adam& adam = optimizer(id);
  write_flat(adam.first_moments(), locations.first);
  write_flat(adam.second_moments(), locations.second);
  return adam.updates();
}

void Engine::load_optimizer(int64_t id, const MomentLocations& locations, int64_t updates) {
  Adam& adam = optimizer(id);
  read_flat(adam.first_moments(), locations.first);
  read_flat(adam.second_moments(), locations.second);
  adam.set_updates(updates);
}

const Adam& Engine::optimizer(int64_t id) const {
  const auto found = optimizers_.find(id);
  if (found == optimizers_.end()) {
    throw Error(kDisposedError,
                "Expected an optimizer of this model, but this one was disposed or belongs to another");
  }
  return found->second;
}

Adam& Engine::optimizer(int64_t id) {
  return const_cast<Adam&>(std::as_const(*this).optimizer(id));
}

StepResult Engine::train_step(const StepRequest& request) {
  Adam& adam = optimizer(request.optimizer);
  for (size_t i = 0; i < request.batches.size(); i++) {
    check_batch(request.batches[i], geometry_, "micro-batch " + std::to_string(i));
  }
  std::vector<DeviceBatch> batches;
  std::vector<double> weights;
  double total = 0;
  for (const auto& host : request.batches) {
    batches.push_back(to_device(host, device_));
    weights.push_back(label_weight(batches.back(), class_weights_));
    total += weights.back();
  }
  if (total <= 0) {
    throw Error(kBatchError,
                "Expected at least one label other than -100 (with a weight above 0) in a step but "
                "found none");
  }

  if (!gradients_.defined()) {
    gradients_ = at::empty_like(values_);
    gradient_views_ = view_model(gradients_, layout_, geometry_);
  }
  gradients_.zero_();
  StepResult result;
  for (size_t i = 0; i < batches.size(); i++) {
    const double weight = request.reduction == LossReduction::kTokenMean ? total : weights[i];
    const double denominator = weight / request.loss_scale;
    const Dropout dropout({seed_, request.step, static_cast<uint32_t>(i)}, dropout_);
    result.losses.push_back(denominator > 0 ? train_micro_batch(batches[i], dropout, denominator) : 0.0);
  }
  result.gradient_norm = clip_gradients(request.clipping);
  stop_.check();
  adam.step(values_, gradients_, request.learning_rate);
  refresh_compute_copy();
  return_free_memory(request.step);
  return result;
}

void Engine::take_snapshot(int64_t id, std::optional<int64_t> optimizer_id) {
  Snapshot snapshot{values_.clone(), optimizer_id, {}};
  if (optimizer_id) snapshot.optimizer_state = optimizer(*optimizer_id).copy_state();
  snapshots_.insert_or_assign(id, std::move(snapshot));
}

void Engine::restore_snapshot(int64_t id) {
  const auto found = snapshots_.find(id);
  if (found == snapshots_.end()) {
    throw Error(kDisposedError, "Expected a snapshot of this model, but this one was dropped or never taken");
  }
  const Snapshot& snapshot = found->second;
  if (snapshot.optimizer) optimizer(*snapshot.optimizer).restore(snapshot.optimizer_state);
  values_.copy_(snapshot.values);
  refresh_compute_copy();
}

double Engine::train_micro_batch(const DeviceBatch& batch, const Dropout& dropout, double denominator) {
  BertMemory memory;
  const at::Tensor hidden = bert_.forward(batch, parameters_, dropout, &memory, nullptr);
  const LossGradient objective =
      classifier_backward(hidden, batch, parameters_.classifier, gradient_views_.classifier, class_weights_,
                          denominator, dropout);
  bert_.backward(objective.grad_hidden, batch, parameters_, gradient_views_, dropout, memory);
  return objective.loss;
}

double Engine::clip_gradients(std::optional<double> clipping) {
  const double norm = gradients_.norm().item<double>();
  if (clipping) {
    const double factor = *clipping / (norm + 1e-6);
    if (factor < 1) gradients_.mul_(factor);
  }
  return norm;
}

void Engine::refresh_compute_copy() {
  if (!compute_copy_.is_same(values_)) compute_copy_.copy_(values_);
}

std::vector<float> Engine::read_parameter(const std::string& name) const {
  return to_host(view_of(values_, layout_.find(name)));
}

std::vector<float> Engine::read_gradient(const std::string& name) const {
  if (!gradients_.defined())
    throw Error(kTorchError, "There are no gradients before the first training step");
  return to_host(view_of(gradients_, layout_.find(name)));
}

int64_t parameter_bytes(const Geometry& geometry) {
  return ParameterLayout(geometry).total() * static_cast<int64_t>(sizeof(float));
}

}  // namespace nerbert
