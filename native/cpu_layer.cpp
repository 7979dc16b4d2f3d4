#include "cpu_layer.h"

#include <ATen/ops/index_select.h>

#include <type_traits>

#include "arena.h"
#include "cpu_rows.h"

namespace nerbert {
namespace {

using kernels::of_this_cpu;

// Calls work(sequence, head, scratch) for all heads of all sequences. Each thread gets a run of them with
// about the same number of scores to compute.
template <class Work>
void over_heads(const std::vector<int64_t>& keys, const std::vector<int64_t>& queries, int64_t heads,
                int64_t scratch_size, const Work& work) {
  const auto sequences = static_cast<int64_t>(keys.size()) - 1;
  std::vector<int64_t> cost_before{0};
  for (int64_t i = 0; i < sequences; i++) {
    // Gathering and scattering cost something even where nothing asks.
    const int64_t cost = (keys[i + 1] - keys[i]) * (queries[i + 1] - queries[i] + 8);
    cost_before.push_back(cost_before.back() + cost);
  }
  const int64_t threads = at::get_num_threads();
  const at::Tensor scratch = empty<float>({threads, scratch_size});
  auto* memory = data<float>(scratch);
  const auto first_task = [&](int64_t thread) {
    const int64_t cost = cost_before.back() * thread / threads;
    const auto after = std::upper_bound(cost_before.begin(), cost_before.end(), cost) - cost_before.begin();
    const int64_t sequence = std::min<int64_t>(after - 1, sequences - 1);
    const int64_t own = cost_before[sequence + 1] - cost_before[sequence];
    return thread == threads ? sequences * heads
                             : sequence * heads + heads * (cost - cost_before[sequence]) / own;
  };
  at::parallel_for(0, threads, 1, [&](int64_t begin, int64_t end) {
    for (int64_t task = first_task(begin); task < first_task(end); task++) {
      work(task / heads, task % heads, memory + begin * scratch_size);
    }
  });
}

int64_t asking(const CpuPass& pass, const Selection* selection) {
  return selection ? selection->rows.numel() : pass.batch.pieces();
}

const std::vector<int64_t>& asking_boundaries(const CpuPass& pass, const Selection* selection) {
  return selection ? selection->boundaries : pass.batch.boundaries;
}

}  // namespace

CpuPass::CpuPass(const DeviceBatch& batch, const Dropout& dropout, int64_t heads)
    : batch(batch), dropout(dropout), groups(dropout.attention_groups(batch.boundaries, heads)), longest(0) {
  for (int64_t i = 0; i < batch.rows(); i++) {
    longest = std::max(longest, batch.boundaries[i + 1] - batch.boundaries[i]);
  }
}

Selection::Selection(const DeviceBatch& batch) : rows(batch.labelled) {
  const auto* labelled = data<int64_t>(rows);
  const int64_t count = rows.numel();
  int64_t next = 0;
  for (int64_t i = 0; i < batch.rows(); i++) {
    for (; next < count && labelled[next] < batch.boundaries[i + 1]; next++) {
      sources.push_back(static_cast<int32_t>(labelled[next]));
      positions.push_back(static_cast<int32_t>(labelled[next] - batch.boundaries[i]));
    }
    boundaries.push_back(next);
  }
}

template <class T>
typename CpuLayer<T>::Stream CpuLayer<T>::make_stream(int64_t rows, const Geometry& geometry) {
  const at::Tensor full = operand<float>(rows, geometry.hidden_size);
  if constexpr (std::is_same_v<T, float>) {
    return {full, full};
  } else {
    return {full, operand<T>(rows, geometry.hidden_size)};
  }
}

template <class T>
typename CpuLayer<T>::NormMemory CpuLayer<T>::make_norm_memory(int64_t rows, const Geometry& geometry) {
  return {empty<float>({rows, geometry.hidden_size}), empty<float>({rows})};
}

template <class T>
at::Tensor CpuLayer<T>::norm_output(const NormMemory& memory, const AffineTensors& norm, int64_t rows) {
  const int64_t width = memory.normalised.size(1);
  const at::Tensor output = operand<T>(rows, width);
  const kernels::NormOutput<T> arguments{
      .normalised = data<float>(memory.normalised),
      .weight = data<float>(norm.weight),
      .bias = data<float>(norm.bias),
      .width = width,
      .out = data<T>(output),
  };
  over_rows(rows, [&](int64_t begin, int64_t end) {
    of_this_cpu().template typed<T>().norm_output(arguments, begin, end);
  });
  return output;
}

template <class T>
typename CpuLayer<T>::Branch CpuLayer<T>::attention_branch(const LayerTensors& tensors) const {
  return {tensors.attention_output, tensors.attention_norm, DropoutSite::attention_output(index_)};
}

template <class T>
typename CpuLayer<T>::Branch CpuLayer<T>::output_branch(const LayerTensors& tensors) const {
  return {tensors.output, tensors.output_norm, DropoutSite::output(index_)};
}

template <class T>
void CpuLayer<T>::join(const Branch& values, const CpuPass& pass, const Selection* selection,
                       const at::Tensor& product, const at::Tensor& residual, const int32_t* residual_rows,
                       const Stream& output, const NormMemory& memory) const {
  const kernels::ResidualNorm<T> norm{
      .product = data<T>(product),
      .product_bias = data<float>(values.linear.bias),
      .residual = data<float>(residual),
      .residual_rows = residual_rows,
      .mask_rows = selection ? selection->sources.data() : nullptr,
      .weight = data<float>(values.norm.weight),
      .bias = data<float>(values.norm.bias),
      .eps = static_cast<float>(geometry_.layer_norm_eps),
      .width = geometry_.hidden_size,
      .dropout = pass.dropout.hidden_mask(values.dropout_site, geometry_.hidden_size),
      .out = data<float>(output.full),
      .out_copy = data<T>(output.typed),
      .normalised = data_or_null<float>(memory.normalised),
      .rstd = data_or_null<float>(memory.rstd),
  };
  over_rows(asking(pass, selection), [&](int64_t begin, int64_t end) {
    of_this_cpu().template typed<T>().residual_norm(norm, begin, end);
  });
}

template <class T>
kernels::Attention<T> CpuLayer<T>::attention_arguments(const CpuPass& pass, const Selection* selection,
                                                       const Memory& memory) const {
  kernels::Attention<T> arguments{};
  const int64_t hidden = geometry_.hidden_size;
  arguments.heads = geometry_.num_attention_heads;
  arguments.head_size = geometry_.head_size();
  arguments.boundaries = pass.batch.boundaries.data();
  arguments.query_boundaries = asking_boundaries(pass, selection).data();
  arguments.query_positions = selection ? selection->positions.data() : nullptr;
  arguments.query = data<T>(memory.query);
  arguments.query_stride = memory.query.stride(0);
  arguments.key = data<T>(memory.key_value);
  arguments.value = arguments.key + hidden;
  arguments.key_value_stride = memory.key_value.stride(0);
  arguments.query_bias = data<float>(values_.query_key_value.bias);
  arguments.key_bias = arguments.query_bias + hidden;
  arguments.value_bias = arguments.query_bias + 2 * hidden;
  arguments.dropout = pass.dropout.attention_mask(index_);
  arguments.first_groups = pass.groups.data();
  return arguments;
}

template <class T>
kernels::ActivationPass<T> CpuLayer<T>::activation_arguments(const Memory& memory,
                                                             const at::Tensor& activated,
                                                             const at::Tensor& grad) const {
  return {
      .kind = geometry_.activation,
      .product = data<T>(memory.intermediate),
      .bias = data<float>(values_.intermediate.bias),
      .width = geometry_.intermediate_size,
      .activated = data<T>(activated),
      .grad = data_or_null<T>(grad),
  };
}

template <class T>
void CpuLayer<T>::attend(const CpuPass& pass, const Selection* selection, Memory& memory) const {
  kernels::Attention<T> arguments = attention_arguments(pass, selection, memory);
  const int64_t rows = asking(pass, selection);
  memory.context = operand<T>(rows, geometry_.hidden_size);
  memory.log_sums = empty<float>({rows, geometry_.num_attention_heads});
  arguments.context = data<T>(memory.context);
  arguments.log_sums = data<float>(memory.log_sums);
  const Arena::Frame frame;
  over_heads(pass.batch.boundaries, asking_boundaries(pass, selection), geometry_.num_attention_heads,
             of_this_cpu().attention_scratch(pass.longest, geometry_.head_size()),
             [&](int64_t sequence, int64_t head, float* scratch) {
               of_this_cpu().template typed<T>().attention(arguments, sequence, head, scratch);
             });
}

template <class T>
void CpuLayer<T>::forward(const CpuPass& pass, const Selection* selection, const Stream& input,
                          const Stream& attended, const Stream& output, bool trains, Memory& memory) const {
  const int64_t hidden = geometry_.hidden_size;
  const int64_t rows = asking(pass, selection);
  if (selection) {
    const at::Tensor& weight = weights_.query_key_value.weight;
    memory.asked = operand<T>(rows, hidden);
    at::Tensor asked = memory.asked.narrow(0, 0, rows);
    at::index_select_out(asked, input.typed, 0, selection->rows);
    memory.query = products_.forward(memory.asked, weight.narrow(0, 0, hidden));
    memory.key_value = products_.forward(input.typed, weight.narrow(0, hidden, 2 * hidden));
  } else {
    const at::Tensor product = products_.forward(input.typed, weights_.query_key_value.weight);
    memory.query = product.narrow(1, 0, hidden);
    memory.key_value = product.narrow(1, hidden, 2 * hidden);
  }
  attend(pass, selection, memory);

  if (trains) memory.attention_norm = make_norm_memory(rows, geometry_);
  {
    const Arena::Frame frame;
    join(attention_branch(values_), pass, selection,
         products_.forward(memory.context, weights_.attention_output.weight), input.full,
         selection ? selection->sources.data() : nullptr, attended, memory.attention_norm);
  }

  memory.intermediate = products_.forward(attended.typed, weights_.intermediate.weight);
  if (trains) memory.output_norm = make_norm_memory(rows, geometry_);
  const Arena::Frame frame;
  const at::Tensor activated = trains ? operand<T>(rows, geometry_.intermediate_size) : memory.intermediate;
  const kernels::ActivationPass<T> activation = activation_arguments(memory, activated, {});
  over_rows(rows, [&](int64_t begin, int64_t end) {
    of_this_cpu().template typed<T>().activate(activation, begin, end);
  });
  join(output_branch(values_), pass, selection, products_.forward(activated, weights_.output.weight),
       attended.full, nullptr, output, memory.output_norm);
}

template <class T>
at::Tensor CpuLayer<T>::bias_term(const at::Tensor& grad, int64_t rows) {
  const auto* from = data<T>(grad);
  const int64_t stride = grad.stride(0);
  const int64_t width = grad.size(1);
  return sum_over_rows(rows, width, [&](int64_t begin, int64_t end, float* sums) {
    of_this_cpu().template typed<T>().sum_rows(from, stride, width, begin, end, sums);
  });
}

template <class T>
at::Tensor CpuLayer<T>::join_backward(const Branch& values, const Branch& gradients, const CpuPass& pass,
                                      const Selection* selection, const at::Tensor& grad,
                                      const at::Tensor& grad_more, const NormMemory& memory,
                                      const at::Tensor& grad_residual, GradientTerms& terms) const {
  const int64_t rows = asking(pass, selection);
  const int64_t width = geometry_.hidden_size;
  const at::Tensor grad_product = operand<T>(rows, width);
  const kernels::ResidualNormBackward<T> norm{
      .grad = data<float>(grad),
      .grad_more = grad_more.defined() ? data<T>(grad_more) : nullptr,
      .normalised = data<float>(memory.normalised),
      .rstd = data<float>(memory.rstd),
      .mask_rows = selection ? selection->sources.data() : nullptr,
      .weight = data<float>(values.norm.weight),
      .width = width,
      .dropout = pass.dropout.hidden_mask(values.dropout_site, width),
      .grad_residual = data<float>(grad_residual),
      .grad_product = data<T>(grad_product),
  };
  const at::Tensor sums = sum_over_rows(rows, 3 * width, [&](int64_t begin, int64_t end, float* sums) {
    of_this_cpu().template typed<T>().residual_norm_backward(norm, begin, end, sums);
  });
  terms.vectors.push_back({gradients.norm.weight, sums.narrow(0, 0, width)});
  terms.vectors.push_back({gradients.norm.bias, sums.narrow(0, width, width)});
  terms.vectors.push_back({gradients.linear.bias, sums.narrow(0, 2 * width, width)});
  return grad_product;
}

template <class T>
void CpuLayer<T>::attend_backward(const CpuPass& pass, const Selection* selection,
                                  const at::Tensor& grad_context, const Memory& memory,
                                  const at::Tensor& grad_query, const at::Tensor& grad_key_value) const {
  kernels::Attention<T> arguments = attention_arguments(pass, selection, memory);
  arguments.log_sums = data<float>(memory.log_sums);
  arguments.grad_context = data<T>(grad_context);
  arguments.grad_query = data<T>(grad_query);
  arguments.grad_key = data<T>(grad_key_value);
  arguments.grad_value = arguments.grad_key + geometry_.hidden_size;
  over_heads(pass.batch.boundaries, asking_boundaries(pass, selection), geometry_.num_attention_heads,
             of_this_cpu().attention_scratch(pass.longest, geometry_.head_size()),
             [&](int64_t sequence, int64_t head, float* scratch) {
               of_this_cpu().template typed<T>().attention_backward(arguments, sequence, head, scratch);
             });
}

template <class T>
GradientTerms CpuLayer<T>::backward(const CpuPass& pass, const Selection* selection, const at::Tensor& grad,
                                    const at::Tensor& input, const Memory& memory,
                                    const at::Tensor& grad_input, const LayerTensors& gradients) const {
  const int64_t hidden = geometry_.hidden_size;
  const int64_t rows = asking(pass, selection);
  GradientTerms terms;

  // Each residual connection hands its gradient to both branches; dropout lies on the computed one alone.
  const at::Tensor grad_attended = empty<float>({rows, hidden});
  const at::Tensor grad_output = join_backward(output_branch(values_), output_branch(gradients), pass,
                                               selection, grad, {}, memory.output_norm, grad_attended, terms);
  const at::Tensor grad_intermediate = products_.backward_input(grad_output, weights_.output.weight);
  const at::Tensor activated = operand<T>(rows, geometry_.intermediate_size);
  const kernels::ActivationPass<T> activation = activation_arguments(memory, activated, grad_intermediate);
  const at::Tensor intermediate_bias =
      sum_over_rows(rows, geometry_.intermediate_size, [&](int64_t begin, int64_t end, float* sums) {
        of_this_cpu().template typed<T>().activate_backward(activation, begin, end, sums);
      });
  terms.vectors.push_back({gradients.intermediate.bias, intermediate_bias});
  terms.weights.push_back({gradients.output.weight, grad_output, activated});
  terms.weights.push_back({gradients.intermediate.weight, grad_intermediate,
                           norm_output(memory.attention_norm, values_.attention_norm, rows)});

  const at::Tensor grad_projected =
      join_backward(attention_branch(values_), attention_branch(gradients), pass, selection, grad_attended,
                    products_.backward_input(grad_intermediate, weights_.intermediate.weight),
                    memory.attention_norm, selection ? grad_attended : grad_input, terms);
  terms.weights.push_back({gradients.attention_output.weight, grad_projected, memory.context});
  const at::Tensor grad_context = products_.backward_input(grad_projected, weights_.attention_output.weight);

  const at::Tensor& weight = weights_.query_key_value.weight;
  const AffineTensors& gradient = gradients.query_key_value;
  if (selection) {
    const int64_t pieces = pass.batch.pieces();
    const at::Tensor grad_query = operand<T>(rows, hidden);
    const at::Tensor grad_key_value = operand<T>(pieces, 2 * hidden);
    attend_backward(pass, selection, grad_context, memory, grad_query, grad_key_value);
    terms.weights.push_back({gradient.weight.narrow(0, 0, hidden), grad_query, memory.asked});
    terms.weights.push_back({gradient.weight.narrow(0, hidden, 2 * hidden), grad_key_value, input});
    terms.vectors.push_back({gradient.bias.narrow(0, 0, hidden), bias_term(grad_query, rows)});
    terms.vectors.push_back({gradient.bias.narrow(0, hidden, 2 * hidden), bias_term(grad_key_value, pieces)});
    // The pieces that asked hand back more than those that were only looked at.
    const at::Tensor looked_at =
        products_.backward_input(grad_key_value, weight.narrow(0, hidden, 2 * hidden));
    grad_input.copy_(looked_at.narrow(0, 0, pieces));
    grad_attended.add_(products_.backward_input(grad_query, weight.narrow(0, 0, hidden)).narrow(0, 0, rows));
    scatter_rows(grad_attended, selection->rows, grad_input);
  } else {
    const at::Tensor grad_product = operand<T>(rows, 3 * hidden);
    attend_backward(pass, selection, grad_context, memory, grad_product.narrow(1, 0, hidden),
                    grad_product.narrow(1, hidden, 2 * hidden));
    terms.weights.push_back({gradient.weight, grad_product, input});
    terms.vectors.push_back({gradient.bias, bias_term(grad_product, rows)});
    const at::Tensor more = products_.backward_input(grad_product, weight);
    const auto* from = data<T>(more);
    auto* to = data<float>(grad_input);
    over_rows(rows, [&](int64_t begin, int64_t end) {
      of_this_cpu().template typed<T>().add(from + begin * hidden, to + begin * hidden,
                                            (end - begin) * hidden);
    });
  }
  return terms;
}

template class CpuLayer<float>;
template class CpuLayer<c10::BFloat16>;

}  // namespace nerbert
