#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "kernels/dropout_mask.h"

namespace nerbert {

// What a mask depends on besides its place in the model: nothing else, so a run continues from its step
// number alone and any number of threads draws the same masks.
struct DropoutKey {
  uint64_t seed;
  uint32_t step;
  uint32_t part;  // of the step's sequences, as they are computed at once
};

struct DropoutRates {
  double hidden;
  double attention;
  double classifier;
};

// The dropouts of the model. Each layer has three; the sites of the embeddings and of the classifier come
// before.
struct DropoutSite {
  static constexpr uint32_t kEmbeddings = 0;
  static constexpr uint32_t kClassifier = 1;
  static uint32_t attention(int64_t layer) { return 2 + 3 * static_cast<uint32_t>(layer); }
  static uint32_t attention_output(int64_t layer) { return 3 + 3 * static_cast<uint32_t>(layer); }
  static uint32_t output(int64_t layer) { return 4 + 3 * static_cast<uint32_t>(layer); }
};

// Where the masks of some of a part's sequences begin within those of the whole.
struct DropoutOrigin {
  uint32_t pieces = 0;            // before them
  uint32_t labelled = 0;          // pieces with a label before them
  uint32_t attention_groups = 0;  // that the attention matrices before them take

  // Of the sequences that follow these: `boundaries` (sequences + 1), `labelled` pieces with a label.
  DropoutOrigin after(const std::vector<int64_t>& boundaries, int64_t labelled, int64_t heads) const;
};

// Masks are never stored: forward and backward both draw them, from the same key and site.
class Dropout {
 public:
  // Without a key nothing is dropped (evaluation).
  Dropout() = default;
  Dropout(const DropoutKey& key, const DropoutRates& rates, const DropoutOrigin& origin)
      : key_(key), rates_(rates), origin_(origin), active_(true) {}

  // Each drops from a contiguous float32 tensor in place and returns it. (pieces, width):
  at::Tensor hidden(at::Tensor x, uint32_t site) const;
  // (labelled, width)
  at::Tensor classifier(at::Tensor x) const;
  // (heads, length, length) of one sequence; `first_group`: see attention_groups().
  at::Tensor attention(at::Tensor x, uint32_t site, uint32_t first_group) const;

  // For kernels that drop in passing: of rows of `width` elements, and of attention matrices.
  kernels::DropoutMask hidden_mask(uint32_t site, int64_t width) const;
  kernels::DropoutMask attention_mask(int64_t layer) const {
    return mask(rates_.attention, DropoutSite::attention(layer), 0);
  }
  // (sequences): where the attention matrices of each begin in the counter space of a layer's attention
  // dropout, in groups of kernels::kDropoutGroup elements; those of the heads follow each other, each in
  // whole groups.
  std::vector<uint32_t> attention_groups(const std::vector<int64_t>& boundaries, int64_t heads) const;
  bool drops_attention() const { return active_ && rates_.attention > 0; }

 private:
  kernels::DropoutMask mask(double rate, uint32_t site, uint32_t first_group) const;
  // x as rows, each of which begins a group.
  at::Tensor apply(at::Tensor x, const kernels::DropoutMask& mask) const;

  DropoutKey key_{};
  DropoutRates rates_{};
  DropoutOrigin origin_{};
  bool active_ = false;
};

}  // namespace nerbert
