#include "attention.h"

#include <ATen/Parallel.h>
#include <ATen/ops/_softmax.h>
#include <ATen/ops/_softmax_backward_data.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <c10/core/InferenceMode.h>

#include <cmath>

namespace nerbert {
namespace {

// Sequences are independent: on the CPU they are spread over the threads, each computed by one thread alone,
// so the numbers do not depend on how many there are.
template <class Work>
void for_each_sequence(const DeviceBatch& batch, bool on_cpu, const Work& work) {
  const auto range = [&](int64_t begin, int64_t end) {
    c10::InferenceMode inference;
    for (int64_t row = begin; row < end; row++) work(row);
  };
  if (on_cpu) {
    at::parallel_for(0, batch.rows(), 1, range);
  } else {
    range(0, batch.rows());
  }
}

// Part 0 (query), 1 (key) or 2 (value) of one sequence as (heads, length, head size), a view.
at::Tensor part_of(const at::Tensor& packed, const DeviceBatch& batch, int64_t row, int64_t heads,
                   int64_t part, int64_t parts) {
  const int64_t begin = batch.boundaries[row];
  const int64_t length = batch.boundaries[row + 1] - begin;
  const int64_t hidden = packed.size(1) / parts;
  return packed.narrow(0, begin, length)
      .narrow(1, part * hidden, hidden)
      .view({length, heads, hidden / heads})
      .transpose(0, 1);
}

double score_scale(const at::Tensor& query_key_value, int64_t heads) {
  return 1.0 / std::sqrt(static_cast<double>(query_key_value.size(1) / 3 / heads));
}

}  // namespace

at::Tensor attention(const at::Tensor& query_key_value, const DeviceBatch& batch, int64_t heads,
                     const Dropout& dropout, int64_t layer, AttentionMemory* memory) {
  const double scale = score_scale(query_key_value, heads);
  const auto groups = dropout.attention_groups(batch.boundaries, heads);
  at::Tensor context =
      at::empty({query_key_value.size(0), query_key_value.size(1) / 3}, query_key_value.options());
  if (memory) {
    memory->query_key_value = query_key_value;
    memory->probabilities.resize(batch.rows());
  }
  for_each_sequence(batch, query_key_value.is_cpu(), [&](int64_t row) {
    const at::Tensor query = part_of(query_key_value, batch, row, heads, 0, 3);
    const at::Tensor key = part_of(query_key_value, batch, row, heads, 1, 3);
    const at::Tensor value = part_of(query_key_value, batch, row, heads, 2, 3);
    at::Tensor weights = at::_softmax(at::bmm(query, key.transpose(1, 2)).mul_(scale), -1, false);
    if (memory) {
      memory->probabilities[row] = weights;
      if (dropout.drops_attention()) weights = weights.clone();
    }
    weights = dropout.attention(std::move(weights), DropoutSite::attention(layer), groups[row]);
    part_of(context, batch, row, heads, 0, 1).copy_(at::bmm(weights, value));
  });
  return context;
}

at::Tensor attention_backward(const at::Tensor& grad_output, const DeviceBatch& batch, int64_t heads,
                              const Dropout& dropout, int64_t layer, const AttentionMemory& memory) {
  const at::Tensor& query_key_value = memory.query_key_value;
  const double scale = score_scale(query_key_value, heads);
  const auto groups = dropout.attention_groups(batch.boundaries, heads);
  const uint32_t site = DropoutSite::attention(layer);
  at::Tensor grad = at::empty(query_key_value.sizes(), query_key_value.options());
  for_each_sequence(batch, query_key_value.is_cpu(), [&](int64_t row) {
    const at::Tensor query = part_of(query_key_value, batch, row, heads, 0, 3);
    const at::Tensor key = part_of(query_key_value, batch, row, heads, 1, 3);
    const at::Tensor value = part_of(query_key_value, batch, row, heads, 2, 3);
    const at::Tensor grad_context = part_of(grad_output, batch, row, heads, 0, 1);
    const at::Tensor& probabilities = memory.probabilities[row];

    at::Tensor dropped = dropout.drops_attention() ? probabilities.clone() : probabilities;
    dropped = dropout.attention(std::move(dropped), site, groups[row]);
    part_of(grad, batch, row, heads, 2, 3).copy_(at::bmm(dropped.transpose(1, 2), grad_context));

    at::Tensor grad_weights = at::bmm(grad_context, value.transpose(1, 2));
    grad_weights = dropout.attention(std::move(grad_weights), site, groups[row]);
    const at::Tensor grad_scores =
        at::_softmax_backward_data(grad_weights, probabilities, -1, at::kFloat).mul_(scale);
    part_of(grad, batch, row, heads, 0, 3).copy_(at::bmm(grad_scores, key));
    part_of(grad, batch, row, heads, 1, 3).copy_(at::bmm(grad_scores.transpose(1, 2), query));
  });
  return grad;
}

}  // namespace nerbert
