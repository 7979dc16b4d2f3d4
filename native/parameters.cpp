#include "parameters.h"

#include "failure.h"

namespace nerbert {
namespace {

// Parameters begin at multiples of 64 bytes, for aligned vector loads.
constexpr int64_t kAlignment = 16;

// Key and value follow query without a gap.
bool continues_block(const std::string& name) {
  return name.find(".attention.self.key.") != std::string::npos ||
         name.find(".attention.self.value.") != std::string::npos;
}

}  // namespace

ParameterLayout::ParameterLayout(const Geometry& g) {
  const int64_t hidden = g.hidden_size;
  int64_t block = 0;
  const auto affine = [&](const std::string& name, std::vector<int64_t> weight, int64_t bias) {
    add(name + ".weight", std::move(weight), block);
    add(name + ".bias", {bias}, block);
  };
  add("bert.embeddings.word_embeddings.weight", {g.vocab_size, hidden}, block);
  add("bert.embeddings.position_embeddings.weight", {g.max_position_embeddings, hidden}, block);
  add("bert.embeddings.token_type_embeddings.weight", {g.type_vocab_size, hidden}, block);
  affine("bert.embeddings.LayerNorm", {hidden}, hidden);
  for (int64_t i = 0; i < g.num_hidden_layers; i++) {
    block++;
    const std::string layer = "bert.encoder.layer." + std::to_string(i);
    for (const char* projection : {"query", "key", "value"}) {
      affine(layer + ".attention.self." + projection, {hidden, hidden}, hidden);
    }
    affine(layer + ".attention.output.dense", {hidden, hidden}, hidden);
    affine(layer + ".attention.output.LayerNorm", {hidden}, hidden);
    affine(layer + ".intermediate.dense", {g.intermediate_size, hidden}, g.intermediate_size);
    affine(layer + ".output.dense", {hidden, g.intermediate_size}, hidden);
    affine(layer + ".output.LayerNorm", {hidden}, hidden);
  }
  block++;
  affine("classifier", {g.num_labels, hidden}, g.num_labels);
  place();
}

const ParameterSpec& ParameterLayout::find(const std::string& name) const {
  const auto found = index_.find(name);
  if (found == index_.end()) throw Error(kTorchError, "The model has no parameter named " + name);
  return specs_[found->second];
}

void ParameterLayout::add(const std::string& name, std::vector<int64_t> shape, int64_t block) {
  int64_t size = 1;
  for (int64_t extent : shape) size *= extent;
  const bool decays = !name.ends_with("bias") && !name.ends_with("LayerNorm.weight");
  index_.emplace(name, specs_.size());
  specs_.push_back({name, std::move(shape), decays, block, 0, size});
}

void ParameterLayout::place() {
  for (const bool decays : {true, false}) {
    for (auto& spec : specs_) {
      if (spec.decays != decays) continue;
      if (groups_.empty() || groups_.back().decays != decays || groups_.back().block != spec.block) {
        groups_.push_back({decays, spec.block, total_, total_});
      }
      if (!continues_block(spec.name)) total_ = (total_ + kAlignment - 1) / kAlignment * kAlignment;
      spec.offset = total_;
      total_ += spec.size;
      groups_.back().end = total_;
      const bool multiplies = decays && spec.block > 0 && spec.block < last_block();
      if (multiplies && products_end_ == 0) products_begin_ = spec.offset;
      if (multiplies) products_end_ = total_;
    }
  }
}

at::Tensor view_of(const at::Tensor& flat, const ParameterSpec& spec) {
  return flat.narrow(0, spec.offset, spec.size).view(spec.shape);
}

ModelTensors view_model(const at::Tensor& flat, const ParameterLayout& layout, const Geometry& g) {
  const auto view = [&](const std::string& name) { return view_of(flat, layout.find(name)); };
  const auto affine = [&](const std::string& name) {
    return AffineTensors{view(name + ".weight"), view(name + ".bias")};
  };
  ModelTensors model{view("bert.embeddings.word_embeddings.weight"),
                     view("bert.embeddings.position_embeddings.weight"),
                     view("bert.embeddings.token_type_embeddings.weight"),
                     affine("bert.embeddings.LayerNorm"),
                     {},
                     affine("classifier")};
  for (int64_t i = 0; i < g.num_hidden_layers; i++) {
    const std::string layer = "bert.encoder.layer." + std::to_string(i);
    const auto& query_weight = layout.find(layer + ".attention.self.query.weight");
    const auto& query_bias = layout.find(layer + ".attention.self.query.bias");
    model.layers.push_back(
        {{flat.narrow(0, query_weight.offset, 3 * query_weight.size).view({3 * g.hidden_size, g.hidden_size}),
          flat.narrow(0, query_bias.offset, 3 * query_bias.size)},
         affine(layer + ".attention.output.dense"),
         affine(layer + ".attention.output.LayerNorm"),
         affine(layer + ".intermediate.dense"),
         affine(layer + ".output.dense"),
         affine(layer + ".output.LayerNorm")});
  }
  return model;
}

}  // namespace nerbert
