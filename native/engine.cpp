#include "engine.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "aten_encoder.h"
#include "cpu_encoder.h"
#include "device.h"
#include "failure.h"
#include "gradient_norm.h"
#include "linear.h"
#include "pages.h"
#include "tensor_file.h"

namespace nerbert {
namespace {

template <class Element>
std::vector<Element> to_host(const at::Tensor& tensor) {
  const at::Tensor host = tensor.to(at::kCPU).contiguous();
  const auto* data = host.const_data_ptr<Element>();
  return {data, data + host.numel()};
}

template <class Element>
void append(const std::vector<Element>& from, std::vector<Element>& to) {
  to.insert(to.end(), from.begin(), from.end());
}

// Of a part of a step on a CPU, about: products of fewer are slower, those of more no faster, and they take
// more memory. Wider models fill products with fewer.
int64_t pieces_at_once(const Geometry& geometry) {
  constexpr int64_t kMost = 1536;
  constexpr int64_t kElements = kMost * 384;  // of a hidden state
  return std::clamp<int64_t>(kElements / geometry.hidden_size, 1, kMost);
}

// Of a thread's share of them. Each thread lays the weights of a product out for itself, which wants enough
// rows to pay for it.
int64_t fewest_pieces(const Geometry& geometry) {
  constexpr int64_t kFewest = 256;
  return std::max(kFewest, geometry.hidden_size * 3 / 2);
}

// Embeddings and LayerNorms are computed from float32, products from the compute copy.
ModelTensors product_views(const at::Tensor& values, const at::Tensor& compute_copy,
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
      fused_(options.fused && device_.is_cpu()),
      stop_(stop),
      layout_(geometry_),
      label_weights_(options.class_weights) {
  values_ = zeros_on(device_, layout_.total());
  if (options.bfloat16) compute_copy_ = at::empty_like(values_, at::kBFloat16);
  parameters_ = view_model(values_, layout_, geometry_);
  const auto make_encoder = [&](auto type, const ModelTensors& weights) -> std::unique_ptr<Encoder> {
    if (!fused_)
      return std::make_unique<AtenEncoder>(geometry_, frozen_, stop_, weights,
                                           options.gradient_checkpointing);
    return std::make_unique<CpuEncoder<decltype(type)>>(geometry_, frozen_, stop_, parameters_, weights,
                                                        options.matrix_path, options.gradient_checkpointing);
  };
  encoder_ = make_encoder(float(), parameters_);
  if (options.bfloat16) {
    weights_ = product_views(values_, compute_copy_, layout_, geometry_);
    low_precision_encoder_ = make_encoder(c10::BFloat16(), weights_);
  }
  if (!label_weights_.empty()) class_weights_ = at::tensor(label_weights_).to(device_);
}

void Engine::set_matrix_path(const MatrixPath& path) {
  encoder_->set_matrix_path(path);
  if (low_precision_encoder_) low_precision_encoder_->set_matrix_path(path);
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
    if (name.ends_with("bias")) {
      target.zero_();
    } else if (name.ends_with("LayerNorm.weight")) {
      target.fill_(1);
    } else {
      target.copy_(at::empty(target.sizes(), at::kFloat).normal_(0, standard_deviation, generator));
    }
    if (name.ends_with("word_embeddings.weight") && geometry_.pad_token_id >= 0) {
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

std::vector<HostBatch> Engine::shares(const HostBatch& batch) const {
  return fused_ ? shares_of(batch, at::get_num_threads(), fewest_pieces(geometry_)) : std::vector{batch};
}

template <class Result, class Work>
std::vector<Result> Engine::evaluate(const HostBatch& batch, const Work& work) {
  check_batch(batch, geometry_, "batch");
  const std::vector<HostBatch> shares = this->shares(batch);
  std::vector<Result> results(shares.size());
  Team team(arenas_, shares.size());
  team.each([&](size_t i) { results[i] = work(to_device(shares[i], device_)); });
  return results;
}

ForwardResult Engine::forward(const HostBatch& host, bool with_hidden_states) {
  auto results = evaluate<ForwardResult>(host, [&](const DeviceBatch& batch) {
    std::vector<at::Tensor> hidden_states;
    const at::Tensor hidden = encoder_->forward(batch, with_hidden_states ? &hidden_states : nullptr);
    const at::Tensor logits = classify(hidden, parameters_.classifier);
    ForwardResult result{
        to_host<float>(logits),
        cross_entropy(logits.index_select(0, batch.labelled), batch, class_weights_),
        {},
    };
    for (const auto& state : hidden_states) result.hidden_states.push_back(to_host<float>(state));
    return result;
  });
  ForwardResult whole = std::move(results.front());
  for (size_t i = 1; i < results.size(); i++) {
    append(results[i].logits, whole.logits);
    whole.loss += results[i].loss;
    for (size_t layer = 0; layer < whole.hidden_states.size(); layer++) {
      append(results[i].hidden_states[layer], whole.hidden_states[layer]);
    }
  }
  return whole;
}

LabelPredictions Engine::predict_labelled(const HostBatch& host) {
  const auto results = evaluate<LabelPredictions>(host, [&](const DeviceBatch& batch) {
    if (batch.labelled.numel() == 0) return LabelPredictions{};
    const at::Tensor logits = classify(encoder_->forward_labelled(batch), parameters_.classifier);
    return LabelPredictions{to_host<int32_t>(logits.argmax(1).to(at::kInt)),
                            cross_entropy(logits, batch, class_weights_)};
  });
  LabelPredictions whole;
  for (const LabelPredictions& share : results) {
    append(share.labels, whole.labels);
    whole.loss += share.loss;
  }
  return whole;
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
  adam.resume(updates);
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
  const at::Tensor denominators = at::tensor(this->denominators(request), at::kDouble);
  const at::Tensor losses = at::zeros_like(denominators);
  std::vector<std::vector<TrainingShare>> parts;
  for (const HostBatch& part : this->parts(request)) {
    const auto index = static_cast<uint32_t>(parts.size());
    parts.push_back(training_shares(part, {seed_, request.step, index}));
  }

  if (!gradients_.flat.defined()) {
    gradients_.flat = zeros_on(device_, layout_.total());
    gradients_.views = view_model(gradients_.flat, layout_, geometry_);
  }
  train_encoder().begin_step(gradients_);
  gradients_.views.classifier.weight.zero_();
  gradients_.views.classifier.bias.zero_();
  for (const auto& shares : parts) train_part(shares, denominators, losses);
  StepResult result{to_host<double>(losses), 0};
  result.gradient_norm = clip_gradients(request.clipping);
  stop_.check();
  adam.step({values_, gradients_.flat, gradient_scale_, request.learning_rate,
             train_encoder().touched_words(), compute_copy_});
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

Encoder& Engine::train_encoder() {
  return low_precision_encoder_ ? *low_precision_encoder_ : *encoder_;
}

std::vector<HostBatch> Engine::parts(const StepRequest& request) const {
  // The objective is a sum over pieces, so the parts of a CPU may end anywhere.
  if (device_.is_cpu() && !request.separate) {
    return parts_of(joined(request.batches), pieces_at_once(geometry_));
  }
  std::vector<HostBatch> parts;
  for (size_t i = 0; i < request.batches.size(); i++) {
    HostBatch batch = request.batches[i];
    batch.micro_batches.assign(batch.boundaries.size() - 1, static_cast<int32_t>(i));
    const int64_t most = device_.is_cpu() ? pieces_at_once(geometry_) : batch.boundaries.back();
    append(parts_of(batch, most), parts);
  }
  return parts;
}

std::vector<double> Engine::denominators(const StepRequest& request) const {
  std::vector<double> weights;
  for (const HostBatch& batch : request.batches) {
    double weight = 0;
    for (const int32_t label : batch.labels) {
      if (label != kIgnoreIndex) weight += label_weights_.empty() ? 1 : label_weights_[label];
    }
    weights.push_back(weight);
  }
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (total <= 0) {
    throw Error(kBatchError,
                "Expected at least one label other than -100 (with a weight above 0) in a step but "
                "found none");
  }
  std::vector<double> denominators;
  for (const double weight : weights) {
    const double counted = request.reduction == LossReduction::kTokenMean ? total : weight;
    denominators.push_back(counted > 0 ? counted / request.loss_scale
                                       : std::numeric_limits<double>::infinity());
  }
  return denominators;
}

std::vector<TrainingShare> Engine::training_shares(const HostBatch& part, const DropoutKey& key) const {
  std::vector<TrainingShare> training;
  DropoutOrigin origin;
  for (const HostBatch& share : shares(part)) {
    training.push_back({to_device(share, device_), Dropout(key, dropout_, origin)});
    const DeviceBatch& own = training.back().batch;
    origin = origin.after(own.boundaries, own.labelled.numel(), geometry_.num_attention_heads);
  }
  return training;
}

void Engine::train_part(const std::vector<TrainingShare>& shares, const at::Tensor& denominators,
                        const at::Tensor& losses) {
  Team team(arenas_, shares.size());
  const std::vector<at::Tensor> hidden = train_encoder().train_forward(team, shares);
  std::vector<LossGradient> objectives(shares.size());
  team.each([&](size_t i) {
    objectives[i] = classifier_backward(hidden[i], shares[i].batch, parameters_.classifier, class_weights_,
                                        denominators, shares[i].dropout);
  });
  std::vector<at::Tensor> grads;
  for (const LossGradient& objective : objectives) {
    losses.add_(objective.losses);
    linear_backward_parameters(objective.grad_logits, objective.input, parameters_.classifier,
                               gradients_.views.classifier);
    grads.push_back(objective.grad_hidden);
  }
  train_encoder().backward(team, grads);
}

double Engine::clip_gradients(std::optional<double> clipping) {
  const double norm = gradient_norm(gradients_.flat, layout_.words(), train_encoder().touched_words());
  gradient_scale_ = clipping ? std::min(1.0, *clipping / (norm + 1e-6)) : 1.0;
  return norm;
}

void Engine::refresh_compute_copy() {
  if (!compute_copy_.defined()) return;
  const auto part = [&](const at::Tensor& flat) {
    return flat.narrow(0, layout_.products_begin(), layout_.products_end() - layout_.products_begin());
  };
  part(compute_copy_).copy_(part(values_));
}

std::vector<float> Engine::read_parameter(const std::string& name) const {
  return to_host<float>(view_of(values_, layout_.find(name)));
}

std::vector<float> Engine::read_gradient(const std::string& name) const {
  if (!gradients_.flat.defined())
    throw Error(kTorchError, "There are no gradients before the first training step");
  std::vector<float> gradient = to_host<float>(view_of(gradients_.flat, layout_.find(name)));
  const auto scale =
      static_cast<float>(values_.is_cpu() ? gradient_scale_ : 1);  // elsewhere they are scaled themselves
  for (float& element : gradient) element *= scale;
  return gradient;
}

int64_t parameter_bytes(const Geometry& geometry) {
  return ParameterLayout(geometry).total() * static_cast<int64_t>(sizeof(float));
}

}  // namespace nerbert
