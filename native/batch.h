#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "geometry.h"

namespace nerbert {

// Labels of pieces that count neither for the loss nor for the scores.
inline constexpr int32_t kIgnoreIndex = -100;

// A packed batch as it comes from JavaScript: sequences end to end. Empty `token_type_ids`: all zero. Empty
// `labels`: none.
struct HostBatch {
  std::vector<int32_t> input_ids;       // (pieces)
  std::vector<int32_t> token_type_ids;  // (pieces) or empty
  std::vector<int32_t> labels;          // (pieces) or empty
  std::vector<int32_t> boundaries;      // (rows + 1), from 0 to pieces, strictly rising
  std::vector<int32_t> micro_batches;   // (rows), in training: which of the step's each sequence is of
};

// Throws ERR_BATCH where the batch does not fit the geometry: `what` names it in the message.
void check_batch(const HostBatch& batch, const Geometry& geometry, const std::string& what);

// The micro-batches of a step as one batch.
HostBatch joined(const std::vector<HostBatch>& batches);

// The batch as consecutive runs of its sequences, of about the same number of pieces: as few as have at most
// `most` each, give or take a part of a sequence.
std::vector<HostBatch> parts_of(const HostBatch& batch, int64_t most);

// The batch as runs of its sequences, one for each of `threads` that are to compute them side by side: little
// then waits for the slower thread, and no product is shared out among cores. The whole batch where threads
// would get fewer than `fewest` pieces each, or too unequal shares.
std::vector<HostBatch> shares_of(const HostBatch& batch, int64_t threads, int64_t fewest);

// The same batch on the device of the model.
struct DeviceBatch {
  at::Tensor input_ids;             // (pieces) int64
  at::Tensor position_ids;          // (pieces) int64: position within the sequence
  at::Tensor token_type_ids;        // (pieces) int64
  std::vector<int64_t> boundaries;  // (rows + 1)
  at::Tensor labelled;              // (labelled pieces) int64: indices of the pieces that have a label
  at::Tensor targets;               // (labelled pieces) int64: their labels
  at::Tensor micro_batches;  // (labelled pieces) int64, on the CPU: which of the step's they are of; empty
                             // outside of training

  int64_t pieces() const { return boundaries.back(); }
  int64_t rows() const { return static_cast<int64_t>(boundaries.size()) - 1; }
};

// Copies to the device; through pinned memory and asynchronously where that is a GPU.
DeviceBatch to_device(const HostBatch& batch, at::Device device);

}  // namespace nerbert
