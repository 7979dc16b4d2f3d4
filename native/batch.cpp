#include "batch.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <string>

#include "failure.h"

namespace nerbert {
namespace {

[[noreturn]] void refuse(const std::string& what, const std::string& message) {
  throw Error(kBatchError, what + ": " + message);
}

void check_range(const std::vector<int32_t>& values, const HostBatch& batch, const std::string& what,
                 const char* name, int64_t end, int32_t also_allowed) {
  for (size_t i = 0; i < values.size(); i++) {
    if (values[i] >= 0 && values[i] < end) continue;
    if (values[i] == also_allowed) continue;
    size_t row = 0;
    while (static_cast<size_t>(batch.boundaries[row + 1]) <= i) row++;
    refuse(what, std::string("Expected ") + name + " between 0 and " + std::to_string(end - 1) +
                     (also_allowed < 0 ? " or " + std::to_string(also_allowed) : "") + " but received " +
                     std::to_string(values[i]) + " at piece " + std::to_string(i - batch.boundaries[row]) +
                     " of row " + std::to_string(row));
  }
}

at::Tensor staged(int64_t size, at::Device device) {
  return at::empty({size}, at::TensorOptions().dtype(at::kLong).pinned_memory(device.is_cuda()));
}

at::Tensor moved(const at::Tensor& host, at::Device device) {
  return device.is_cpu() ? host : host.to(device, /*non_blocking=*/true);
}

at::Tensor widened(const std::vector<int32_t>& values, at::Device device) {
  at::Tensor host = staged(static_cast<int64_t>(values.size()), device);
  std::copy(values.begin(), values.end(), host.data_ptr<int64_t>());
  return moved(host, device);
}

HostBatch rows_between(const HostBatch& batch, size_t begin, size_t end) {
  const int32_t first = batch.boundaries[begin];
  const int32_t last = batch.boundaries[end];
  const auto slice = [&](const std::vector<int32_t>& values) {
    return values.empty() ? values : std::vector(values.begin() + first, values.begin() + last);
  };
  HostBatch part{slice(batch.input_ids), slice(batch.token_type_ids), slice(batch.labels), {}, {}};
  for (size_t row = begin; row <= end; row++) part.boundaries.push_back(batch.boundaries[row] - first);
  if (!batch.micro_batches.empty()) {
    part.micro_batches.assign(batch.micro_batches.begin() + begin, batch.micro_batches.begin() + end);
  }
  return part;
}

// Values of some pieces behind those of others; `missing` stands for each that has none.
void append(const std::vector<int32_t>& values, size_t pieces, int32_t missing, std::vector<int32_t>& to) {
  if (values.empty()) {
    to.insert(to.end(), pieces, missing);
  } else {
    to.insert(to.end(), values.begin(), values.end());
  }
}

}  // namespace

void check_batch(const HostBatch& batch, const Geometry& geometry, const std::string& what) {
  const auto& boundaries = batch.boundaries;
  if (boundaries.size() < 2) refuse(what, "Expected at least one sequence but the batch is empty");
  if (boundaries.front() != 0 || boundaries.back() != static_cast<int64_t>(batch.input_ids.size())) {
    refuse(what, "Expected boundaries from 0 to " + std::to_string(batch.input_ids.size()) +
                     " (the pieces of inputIds) but they run from " + std::to_string(boundaries.front()) +
                     " to " + std::to_string(boundaries.back()));
  }
  for (size_t row = 0; row + 1 < boundaries.size(); row++) {
    const int64_t length = static_cast<int64_t>(boundaries[row + 1]) - boundaries[row];
    if (length < 1)
      refuse(what, "Expected every sequence to have a piece but row " + std::to_string(row) + " has none");
    if (length > geometry.max_position_embeddings) {
      refuse(what, "Expected sequences of at most " + std::to_string(geometry.max_position_embeddings) +
                       " pieces (the model's positions) but row " + std::to_string(row) + " has " +
                       std::to_string(length) + ". Cut it, or use windows");
    }
  }
  const auto same_length = [&](const std::vector<int32_t>& values, const char* name) {
    if (!values.empty() && values.size() != batch.input_ids.size()) {
      refuse(what, std::string("Expected ") + name + " to have " + std::to_string(batch.input_ids.size()) +
                       " entries, one for each input id, but it has " + std::to_string(values.size()));
    }
  };
  same_length(batch.token_type_ids, "tokenTypeIds");
  same_length(batch.labels, "labels");
  check_range(batch.input_ids, batch, what, "input ids", geometry.vocab_size, 0);
  check_range(batch.token_type_ids, batch, what, "token type ids", geometry.type_vocab_size, 0);
  check_range(batch.labels, batch, what, "labels", geometry.num_labels, kIgnoreIndex);
}

HostBatch joined(const std::vector<HostBatch>& batches) {
  HostBatch all{{}, {}, {}, {0}, {}};
  for (size_t i = 0; i < batches.size(); i++) {
    const HostBatch& batch = batches[i];
    const size_t pieces = batch.input_ids.size();
    const int32_t first = all.boundaries.back();
    append(batch.input_ids, pieces, 0, all.input_ids);
    append(batch.token_type_ids, pieces, 0, all.token_type_ids);
    append(batch.labels, pieces, kIgnoreIndex, all.labels);
    for (size_t row = 1; row < batch.boundaries.size(); row++) {
      all.boundaries.push_back(first + batch.boundaries[row]);
      all.micro_batches.push_back(static_cast<int32_t>(i));
    }
  }
  return all;
}

std::vector<HostBatch> parts_of(const HostBatch& batch, int64_t most) {
  const auto& boundaries = batch.boundaries;
  const int64_t pieces = boundaries.back();
  const int64_t count = (pieces + most - 1) / most;
  std::vector<HostBatch> parts;
  size_t begin = 0;
  for (int64_t part = 1; part <= count; part++) {
    // The boundary nearest to an equal share, after at least one more sequence where there is one.
    const int64_t share = pieces * part / count;
    size_t end = begin;
    while (end + 1 < boundaries.size() &&
           (end == begin || boundaries[end] + boundaries[end + 1] <= 2 * share)) {
      end++;
    }
    if (end > begin) parts.push_back(rows_between(batch, begin, end));
    begin = end;
  }
  return parts;
}

std::vector<HostBatch> shares_of(const HostBatch& batch, int64_t threads, int64_t fewest) {
  const int64_t pieces = batch.boundaries.back();
  if (pieces < threads * fewest) return {batch};
  const int64_t fair = (pieces + threads - 1) / threads;
  std::vector<HostBatch> shares = parts_of(batch, fair);
  for (const HostBatch& share : shares) {
    if (share.boundaries.back() > fair + fair / 8) return {batch};
  }
  return shares;
}

DeviceBatch to_device(const HostBatch& batch, at::Device device) {
  const int64_t pieces = static_cast<int64_t>(batch.input_ids.size());
  DeviceBatch out;
  out.boundaries.assign(batch.boundaries.begin(), batch.boundaries.end());
  out.input_ids = widened(batch.input_ids, device);

  at::Tensor positions = staged(pieces, device);
  auto* position = positions.data_ptr<int64_t>();
  for (int64_t row = 0; row < out.rows(); row++) {
    for (int64_t i = out.boundaries[row]; i < out.boundaries[row + 1]; i++)
      position[i] = i - out.boundaries[row];
  }
  out.position_ids = moved(positions, device);

  out.token_type_ids = batch.token_type_ids.empty() ? moved(staged(pieces, device).zero_(), device)
                                                    : widened(batch.token_type_ids, device);

  std::vector<int32_t> labelled, targets, micro_batches;
  for (int64_t row = 0; row < out.rows() && !batch.labels.empty(); row++) {
    for (int64_t i = out.boundaries[row]; i < out.boundaries[row + 1]; i++) {
      if (batch.labels[i] == kIgnoreIndex) continue;
      labelled.push_back(static_cast<int32_t>(i));
      targets.push_back(batch.labels[i]);
      if (!batch.micro_batches.empty()) micro_batches.push_back(batch.micro_batches[row]);
    }
  }
  out.labelled = widened(labelled, device);
  out.targets = widened(targets, device);
  out.micro_batches = widened(micro_batches, at::kCPU);
  return out;
}

}  // namespace nerbert
