#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "geometry.h"

namespace nerbert {

// One parameter under the name that the checkpoint gives it, and its place in the flat buffer of all of them.
struct ParameterSpec {
  std::string name;
  std::vector<int64_t> shape;
  bool decays;     // false for biases and LayerNorm weights: they get no weight decay
  int64_t block;   // 0: the embeddings, then a layer each, the classifier last
  int64_t offset;  // in elements
  int64_t size;
};

// Neighbours in the flat buffer, all of one block, all with or all without weight decay. A group begins where
// the one before it ends; the gap for alignment between them belongs to the second.
struct ParameterGroup {
  bool decays;
  int64_t block;
  int64_t begin;
  int64_t end;
};

// All parameters of a model lie in one flat buffer: first those with weight decay, then those without. So
// zeroing, clipping and updating are one operation each, and query, key and value, laid end to end, are one
// matrix.
class ParameterLayout {
 public:
  explicit ParameterLayout(const Geometry& geometry);

  // In the order of transformers' `named_parameters()`.
  const std::vector<ParameterSpec>& specs() const { return specs_; }
  // Throws ERR_TORCH for a name the model does not have.
  const ParameterSpec& find(const std::string& name) const;
  int64_t total() const { return total_; }
  // In the order of the buffer.
  const std::vector<ParameterGroup>& groups() const { return groups_; }
  int64_t last_block() const { return specs_.back().block; }
  // The word embeddings, (vocabulary, hidden), which lead the buffer.
  const ParameterSpec& words() const { return specs_.front(); }
  // The weights that the layers multiply with lie in this range, alone.
  int64_t products_begin() const { return products_begin_; }
  int64_t products_end() const { return products_end_; }

 private:
  void add(const std::string& name, std::vector<int64_t> shape, int64_t block);
  void place();

  std::vector<ParameterSpec> specs_;
  std::unordered_map<std::string, size_t> index_;
  std::vector<ParameterGroup> groups_;
  int64_t total_ = 0;
  int64_t products_begin_ = 0;
  int64_t products_end_ = 0;
};

struct AffineTensors {
  at::Tensor weight;  // (out, in) of a linear layer, (hidden) of a LayerNorm
  at::Tensor bias;    // (out) or (hidden)
};

struct LayerTensors {
  AffineTensors query_key_value;  // (3 * hidden, hidden)
  AffineTensors attention_output;
  AffineTensors attention_norm;
  AffineTensors intermediate;
  AffineTensors output;
  AffineTensors output_norm;
};

// Views into a flat buffer (of values, of their bfloat16 copies, or of gradients) by what they are in the
// model.
struct ModelTensors {
  at::Tensor word_embeddings;        // (vocabulary, hidden)
  at::Tensor position_embeddings;    // (positions, hidden)
  at::Tensor token_type_embeddings;  // (types, hidden)
  AffineTensors embedding_norm;
  std::vector<LayerTensors> layers;
  AffineTensors classifier;  // (labels, hidden)
};

at::Tensor view_of(const at::Tensor& flat, const ParameterSpec& spec);
ModelTensors view_model(const at::Tensor& flat, const ParameterLayout& layout, const Geometry& geometry);

}  // namespace nerbert
