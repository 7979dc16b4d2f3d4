#pragma once

#include <cstdint>
#include <string>

namespace nerbert {

enum class Activation { kGelu, kGeluTanh, kRelu };

// The sizes of a BERT encoder with a token-classification head, as config.json names them.
struct Geometry {
  int64_t vocab_size;
  int64_t hidden_size;
  int64_t num_hidden_layers;
  int64_t num_attention_heads;
  int64_t intermediate_size;
  int64_t max_position_embeddings;
  int64_t type_vocab_size;
  int64_t num_labels;
  int64_t pad_token_id;  // its embedding receives no gradient, as in PyTorch's nn.Embedding(padding_idx); -1:
                         // none
  Activation activation;
  double layer_norm_eps;

  int64_t head_size() const { return hidden_size / num_attention_heads; }
};

}  // namespace nerbert
