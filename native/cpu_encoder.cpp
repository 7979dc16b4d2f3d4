#include "cpu_encoder.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/index_select.h>

#include <algorithm>
#include <type_traits>

#include "arena.h"
#include "kernels/table.h"

namespace nerbert {
namespace {

using kernels::of_this_cpu;

template <class T>
at::Tensor empty(at::IntArrayRef sizes) {
  return at::empty(sizes, c10::CppTypeToScalarType<T>::value);
}

template <class Element>
Element* data(const at::Tensor& tensor) {
  return tensor.data_ptr<Element>();
}

template <class Element>
Element* data_or_null(const at::Tensor& tensor) {
  return tensor.defined() ? data<Element>(tensor) : nullptr;
}

// A matrix that takes part in products. They get a multiple of kRowsAProduct rows, because oneDNN compiles
// code for every number of rows that it meets; the rows beyond `rows` are zero, stay zero through products,
// and reach no other kernel.
constexpr int64_t kRowsAProduct = 32;

template <class T>
at::Tensor operand(int64_t rows, int64_t width) {
  const int64_t padded = (rows + kRowsAProduct - 1) / kRowsAProduct * kRowsAProduct;
  at::Tensor matrix = empty<T>({padded, width});
  std::fill_n(data<T>(matrix) + rows * width, (padded - rows) * width, T(0));
  return matrix;
}

// Rows of one task, and of one partial sum: a fixed number, so that sums do not depend on how many threads
// there are.
constexpr int64_t kRowsATask = 32;

template <class Work>
void over_rows(int64_t rows, const Work& work) {
  at::parallel_for(0, rows, kRowsATask, work);
}

// Adds what work(begin, end, sums) finds for blocks of rows: (columns) float32.
template <class Work>
at::Tensor sum_over_rows(int64_t rows, int64_t columns, const Work& work) {
  const int64_t blocks = (rows + kRowsATask - 1) / kRowsATask;
  const at::Tensor partial = empty<float>({blocks, columns});
  auto* sums = data<float>(partial);
  at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; block++) {
      work(block * kRowsATask, std::min(rows, (block + 1) * kRowsATask), sums + block * columns);
    }
  });
  at::Tensor total = empty<float>({columns});
  of_this_cpu().float32.sum_rows(sums, columns, columns, 0, blocks, data<float>(total));
  return total;
}

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

// The arguments that forward and backward pass of an attention share.
template <class T>
kernels::Attention<T> attention_arguments(const Geometry& geometry, const DeviceBatch& batch,
                                          const std::vector<int64_t>& query_boundaries,
                                          const int32_t* query_positions, const at::Tensor& bias,
                                          const kernels::DropoutMask& mask,
                                          const std::vector<uint32_t>& groups, const at::Tensor& query,
                                          const at::Tensor& key_value) {
  kernels::Attention<T> arguments{};
  const int64_t hidden = geometry.hidden_size;
  arguments.heads = geometry.num_attention_heads;
  arguments.head_size = geometry.head_size();
  arguments.boundaries = batch.boundaries.data();
  arguments.query_boundaries = query_boundaries.data();
  arguments.query_positions = query_positions;
  arguments.query = data<T>(query);
  arguments.query_stride = query.stride(0);
  arguments.key = data<T>(key_value);
  arguments.value = arguments.key + hidden;
  arguments.key_value_stride = key_value.stride(0);
  arguments.query_bias = data<float>(bias);
  arguments.key_bias = arguments.query_bias + hidden;
  arguments.value_bias = arguments.query_bias + 2 * hidden;
  arguments.dropout = mask;
  arguments.first_groups = groups.data();
  return arguments;
}

}  // namespace

template <class T>
CpuEncoder<T>::Pass::Pass(const DeviceBatch& batch, const Dropout& dropout, int64_t heads)
    : batch(batch), dropout(dropout), groups(attention_groups(batch.boundaries, heads)), longest(0) {
  for (int64_t i = 0; i < batch.rows(); i++) {
    longest = std::max(longest, batch.boundaries[i + 1] - batch.boundaries[i]);
  }
}

template <class T>
typename CpuEncoder<T>::Selection CpuEncoder<T>::labelled_pieces(const DeviceBatch& batch) {
  Selection selection{batch.labelled, {}, {}, {0}};
  const auto* labelled = data<int64_t>(batch.labelled);
  const int64_t count = batch.labelled.numel();
  int64_t next = 0;
  for (int64_t i = 0; i < batch.rows(); i++) {
    for (; next < count && labelled[next] < batch.boundaries[i + 1]; next++) {
      selection.sources.push_back(static_cast<int32_t>(labelled[next]));
      selection.positions.push_back(static_cast<int32_t>(labelled[next] - batch.boundaries[i]));
    }
    selection.boundaries.push_back(next);
  }
  return selection;
}

template <class T>
int64_t CpuEncoder<T>::rows_of(const Pass& pass, const Selection* selection) {
  return selection ? static_cast<int64_t>(selection->sources.size()) : pass.batch.pieces();
}

template <class T>
typename CpuEncoder<T>::Stream CpuEncoder<T>::make_stream(int64_t rows) const {
  const at::Tensor full = operand<float>(rows, geometry_.hidden_size);
  if constexpr (std::is_same_v<T, float>) {
    return {full, full};
  } else {
    return {full, operand<T>(rows, geometry_.hidden_size)};
  }
}

template <class T>
void CpuEncoder<T>::embed(const Pass& pass, const Stream& output, const NormMemory& memory) const {
  const DeviceBatch& batch = pass.batch;
  kernels::EmbeddingNorm norm{
      .words = data<float>(values_.word_embeddings),
      .positions = data<float>(values_.position_embeddings),
      .types = data<float>(values_.token_type_embeddings),
      .word_ids = data<int64_t>(batch.input_ids),
      .position_ids = data<int64_t>(batch.position_ids),
      .type_ids = data<int64_t>(batch.token_type_ids),
      .weight = data<float>(values_.embedding_norm.weight),
      .bias = data<float>(values_.embedding_norm.bias),
      .eps = static_cast<float>(geometry_.layer_norm_eps),
      .width = geometry_.hidden_size,
      .dropout = pass.dropout.hidden_mask(DropoutSite::kEmbeddings),
      .out = data<float>(output.full),
      .out_copy = nullptr,
      .normalised = data_or_null<float>(memory.normalised),
      .rstd = data_or_null<float>(memory.rstd),
  };
  if constexpr (!std::is_same_v<T, float>) norm.out_copy = data<T>(output.typed);
  over_rows(batch.pieces(),
            [&](int64_t begin, int64_t end) { of_this_cpu().embedding_norm(norm, begin, end); });
}

template <class T>
typename CpuEncoder<T>::NormMemory CpuEncoder<T>::make_norm_memory(int64_t rows) const {
  return {empty<float>({rows, geometry_.hidden_size}), empty<float>({rows})};
}

template <class T>
typename CpuEncoder<T>::Branch CpuEncoder<T>::attention_branch(const LayerTensors& layer, int64_t index) {
  return {layer.attention_output, layer.attention_norm, DropoutSite::attention_output(index)};
}

template <class T>
typename CpuEncoder<T>::Branch CpuEncoder<T>::output_branch(const LayerTensors& layer, int64_t index) {
  return {layer.output, layer.output_norm, DropoutSite::output(index)};
}

template <class T>
void CpuEncoder<T>::join(const Branch& values, const Pass& pass, const Selection* selection,
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
      .dropout = pass.dropout.hidden_mask(values.dropout_site),
      .out = data<float>(output.full),
      .out_copy = data<T>(output.typed),
      .normalised = data_or_null<float>(memory.normalised),
      .rstd = data_or_null<float>(memory.rstd),
  };
  over_rows(rows_of(pass, selection), [&](int64_t begin, int64_t end) {
    of_this_cpu().template typed<T>().residual_norm(norm, begin, end);
  });
}

template <class T>
void CpuEncoder<T>::attend(int64_t index, const Pass& pass, const Selection* selection,
                           LayerMemory& memory) const {
  const std::vector<int64_t>& query_boundaries = selection ? selection->boundaries : pass.batch.boundaries;
  auto arguments = attention_arguments<T>(
      geometry_, pass.batch, query_boundaries, selection ? selection->positions.data() : nullptr,
      values_.layers[index].query_key_value.bias, pass.dropout.attention_mask(index), pass.groups,
      memory.query, memory.key_value);
  const int64_t rows = rows_of(pass, selection);
  memory.context = operand<T>(rows, geometry_.hidden_size);
  memory.log_sums = empty<float>({rows, geometry_.num_attention_heads});
  arguments.context = data<T>(memory.context);
  arguments.log_sums = data<float>(memory.log_sums);
  const Arena::Frame frame;
  over_heads(pass.batch.boundaries, query_boundaries, geometry_.num_attention_heads,
             of_this_cpu().attention_scratch(pass.longest, geometry_.head_size()),
             [&](int64_t sequence, int64_t head, float* scratch) {
               of_this_cpu().template typed<T>().attention(arguments, sequence, head, scratch);
             });
}

template <class T>
void CpuEncoder<T>::layer(int64_t index, const Pass& pass, const Selection* selection, const Stream& input,
                          const Stream& attended, const Stream& output, bool trains,
                          LayerMemory& memory) const {
  const LayerTensors& values = values_.layers[index];
  const LayerTensors& weights = weights_.layers[index];
  const int64_t hidden = geometry_.hidden_size;
  const int64_t rows = rows_of(pass, selection);
  if (selection) {
    const at::Tensor& weight = weights.query_key_value.weight;
    memory.asked = operand<T>(rows, hidden);
    at::Tensor asked = memory.asked.narrow(0, 0, rows);
    at::index_select_out(asked, input.typed, 0, selection->rows);
    memory.query = products_.forward(memory.asked, weight.narrow(0, 0, hidden));
    memory.key_value = products_.forward(input.typed, weight.narrow(0, hidden, 2 * hidden));
  } else {
    const at::Tensor product = products_.forward(input.typed, weights.query_key_value.weight);
    memory.query = product.narrow(1, 0, hidden);
    memory.key_value = product.narrow(1, hidden, 2 * hidden);
  }
  attend(index, pass, selection, memory);

  if (trains) memory.attention_norm = make_norm_memory(rows);
  {
    const Arena::Frame frame;
    join(attention_branch(values, index), pass, selection,
         products_.forward(memory.context, weights.attention_output.weight), input.full,
         selection ? selection->sources.data() : nullptr, attended, memory.attention_norm);
  }

  memory.intermediate = products_.forward(attended.typed, weights.intermediate.weight);
  if (trains) memory.output_norm = make_norm_memory(rows);
  const Arena::Frame frame;
  const at::Tensor activated = trains ? operand<T>(rows, geometry_.intermediate_size) : memory.intermediate;
  const kernels::ActivationPass<T> activation{
      .kind = geometry_.activation,
      .product = data<T>(memory.intermediate),
      .bias = data<float>(values.intermediate.bias),
      .width = geometry_.intermediate_size,
      .activated = data<T>(activated),
      .grad = nullptr,
  };
  over_rows(rows, [&](int64_t begin, int64_t end) {
    of_this_cpu().template typed<T>().activate(activation, begin, end);
  });
  join(output_branch(values, index), pass, selection, products_.forward(activated, weights.output.weight),
       attended.full, nullptr, output, memory.output_norm);
}

template <class T>
at::Tensor CpuEncoder<T>::forward(const DeviceBatch& batch, std::vector<at::Tensor>* hidden_states) {
  const Dropout none;
  const Pass pass(batch, none, geometry_.num_attention_heads);
  Stream input = make_stream(batch.pieces());
  Stream output = make_stream(batch.pieces());
  const Stream attended = make_stream(batch.pieces());
  embed(pass, input, {});
  if (hidden_states) hidden_states->push_back(input.full.narrow(0, 0, batch.pieces()).clone());
  for (size_t i = 0; i < values_.layers.size(); i++) {
    stop_.check();
    {
      LayerMemory memory;
      const Arena::Frame frame;
      layer(static_cast<int64_t>(i), pass, nullptr, input, attended, output, /*trains=*/false, memory);
    }
    std::swap(input, output);
    if (hidden_states) hidden_states->push_back(input.full.narrow(0, 0, batch.pieces()).clone());
  }
  return input.full.narrow(0, 0, batch.pieces());
}

template <class T>
void CpuEncoder<T>::begin_step(const Gradients& gradients) {
  gradients_ = &gradients;
  accumulate_ = false;
  const ModelTensors& views = gradients.views;
  auto* words = data<float>(views.word_embeddings);
  for (const int64_t id : touched_words_) {
    std::fill_n(words + id * geometry_.hidden_size, geometry_.hidden_size, 0.0f);
  }
  touched_words_.clear();
  views.position_embeddings.zero_();
  views.token_type_embeddings.zero_();
}

template <class T>
at::Tensor CpuEncoder<T>::train_forward(const DeviceBatch& batch, const Dropout& dropout) {
  const Pass pass(batch, dropout, geometry_.num_attention_heads);
  const size_t layers = values_.layers.size();
  selection_ = labelled_pieces(batch);
  layers_.assign(layers, {});
  inputs_.assign(layers, {});
  if (trains_embeddings()) embedding_memory_ = make_norm_memory(batch.pieces());
  const Stream attended = make_stream(batch.pieces());
  Stream input = make_stream(batch.pieces());
  Stream spare;
  embed(pass, input, embedding_memory_);
  for (size_t i = 0; i + 1 < layers; i++) {
    stop_.check();
    const Stream output = spare.full.defined() ? spare : make_stream(batch.pieces());
    train_layer(i, pass, nullptr, input, attended, output);
    spare = keeps_input(i) ? Stream{} : input;
    input = output;
  }
  stop_.check();
  const int64_t labelled = batch.labelled.numel();
  const Stream output = make_stream(labelled);
  train_layer(layers - 1, pass, &selection_, input, make_stream(labelled), output);
  return output.full.narrow(0, 0, labelled);
}

template <class T>
void CpuEncoder<T>::train_layer(size_t index, const Pass& pass, const Selection* selection,
                                const Stream& input, const Stream& attended, const Stream& output) {
  const auto i = static_cast<int64_t>(index);
  if (keeps_input(index)) inputs_[index] = input;
  if (checkpointing_ || !trains_layer(index)) {
    LayerMemory forgotten;
    const Arena::Frame frame;
    layer(i, pass, selection, input, attended, output, /*trains=*/false, forgotten);
  } else {
    layer(i, pass, selection, input, attended, output, /*trains=*/true, layers_[index]);
  }
}

template <class T>
at::Tensor CpuEncoder<T>::norm_output(const NormMemory& memory, const AffineTensors& norm,
                                      int64_t rows) const {
  const at::Tensor output = operand<T>(rows, geometry_.hidden_size);
  const kernels::NormOutput<T> arguments{
      .normalised = data<float>(memory.normalised),
      .weight = data<float>(norm.weight),
      .bias = data<float>(norm.bias),
      .width = geometry_.hidden_size,
      .out = data<T>(output),
  };
  over_rows(rows, [&](int64_t begin, int64_t end) {
    of_this_cpu().template typed<T>().norm_output(arguments, begin, end);
  });
  return output;
}

template <class T>
at::Tensor CpuEncoder<T>::input_of(int64_t index, const Pass& pass) const {
  if (keeps_input(index)) return inputs_[index].typed;
  return norm_output(layers_[index - 1].output_norm, values_.layers[index - 1].output_norm,
                     pass.batch.pieces());
}

template <class T>
void CpuEncoder<T>::scatter(const at::Tensor& from, const at::Tensor& ids, const at::Tensor& to) const {
  const kernels::RowScatter rows{
      .from = data<float>(from),
      .ids = data<int64_t>(ids),
      .rows = ids.numel(),
      .width = geometry_.hidden_size,
      .first_id = 0,
      .last_id = 0,
      .to = data<float>(to),
  };
  // Each thread owns a part of the table, so that no row is added to by two.
  const int64_t parts = at::get_num_threads();
  at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    kernels::RowScatter part = rows;
    part.first_id = to.size(0) * begin / parts;
    part.last_id = to.size(0) * end / parts;
    of_this_cpu().scatter_rows(part);
  });
}

template <class T>
void CpuEncoder<T>::give(const at::Tensor& gradient, const float* sum) const {
  auto* to = data<float>(gradient);
  if (accumulate_) {
    of_this_cpu().float32.add(sum, to, gradient.numel());
  } else {
    std::copy_n(sum, gradient.numel(), to);
  }
}

template <class T>
void CpuEncoder<T>::give_weight(const at::Tensor& grad, const at::Tensor& input,
                                const at::Tensor& gradient) const {
  const Arena::Frame frame;
  products_.backward_weight(grad, input, gradient, accumulate_);
}

template <class T>
void CpuEncoder<T>::give_bias(const at::Tensor& grad, int64_t rows, const at::Tensor& gradient) const {
  const Arena::Frame frame;
  const auto* from = data<T>(grad);
  const int64_t stride = grad.stride(0);
  const int64_t width = grad.size(1);
  const at::Tensor sum = sum_over_rows(rows, width, [&](int64_t begin, int64_t end, float* sums) {
    of_this_cpu().template typed<T>().sum_rows(from, stride, width, begin, end, sums);
  });
  give(gradient, data<float>(sum));
}

template <class T>
at::Tensor CpuEncoder<T>::join_backward(const Branch& values, const Branch& gradients, const Pass& pass,
                                        const Selection* selection, const at::Tensor& grad,
                                        const at::Tensor& grad_more, const NormMemory& memory,
                                        const at::Tensor& grad_residual) {
  const int64_t rows = rows_of(pass, selection);
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
      .dropout = pass.dropout.hidden_mask(values.dropout_site),
      .grad_residual = data<float>(grad_residual),
      .grad_product = data<T>(grad_product),
  };
  const at::Tensor sum = sum_over_rows(rows, 3 * width, [&](int64_t begin, int64_t end, float* sums) {
    of_this_cpu().template typed<T>().residual_norm_backward(norm, begin, end, sums);
  });
  const auto* sums = data<float>(sum);
  give(gradients.norm.weight, sums);
  give(gradients.norm.bias, sums + width);
  give(gradients.linear.bias, sums + 2 * width);
  return grad_product;
}

template <class T>
void CpuEncoder<T>::attend_backward(int64_t index, const Pass& pass, const Selection* selection,
                                    const at::Tensor& grad_context, const LayerMemory& memory,
                                    const at::Tensor& grad_query, const at::Tensor& grad_key_value) {
  const std::vector<int64_t>& query_boundaries = selection ? selection->boundaries : pass.batch.boundaries;
  auto arguments = attention_arguments<T>(
      geometry_, pass.batch, query_boundaries, selection ? selection->positions.data() : nullptr,
      values_.layers[index].query_key_value.bias, pass.dropout.attention_mask(index), pass.groups,
      memory.query, memory.key_value);
  arguments.log_sums = data<float>(memory.log_sums);
  arguments.grad_context = data<T>(grad_context);
  arguments.grad_query = data<T>(grad_query);
  arguments.grad_key = data<T>(grad_key_value);
  arguments.grad_value = arguments.grad_key + geometry_.hidden_size;
  over_heads(pass.batch.boundaries, query_boundaries, geometry_.num_attention_heads,
             of_this_cpu().attention_scratch(pass.longest, geometry_.head_size()),
             [&](int64_t sequence, int64_t head, float* scratch) {
               of_this_cpu().template typed<T>().attention_backward(arguments, sequence, head, scratch);
             });
}

template <class T>
void CpuEncoder<T>::layer_backward(int64_t index, const Pass& pass, const Selection* selection,
                                   const at::Tensor& grad, const at::Tensor& grad_input,
                                   const LayerMemory& memory) {
  const LayerTensors& values = values_.layers[index];
  const LayerTensors& weights = weights_.layers[index];
  const LayerTensors& gradients = gradients_->views.layers[index];
  const int64_t hidden = geometry_.hidden_size;
  const int64_t rows = rows_of(pass, selection);
  const Arena::Frame frame;

  // Each residual connection hands its gradient to both branches; dropout lies on the computed one alone.
  const at::Tensor grad_attended = empty<float>({rows, hidden});
  const at::Tensor grad_output = join_backward(output_branch(values, index), output_branch(gradients, index),
                                               pass, selection, grad, {}, memory.output_norm, grad_attended);
  const at::Tensor grad_intermediate = products_.backward_input(grad_output, weights.output.weight);
  const at::Tensor activated = operand<T>(rows, geometry_.intermediate_size);
  const kernels::ActivationPass<T> activation{
      .kind = geometry_.activation,
      .product = data<T>(memory.intermediate),
      .bias = data<float>(values.intermediate.bias),
      .width = geometry_.intermediate_size,
      .activated = data<T>(activated),
      .grad = data<T>(grad_intermediate),
  };
  const at::Tensor bias_sum =
      sum_over_rows(rows, geometry_.intermediate_size, [&](int64_t begin, int64_t end, float* sums) {
        of_this_cpu().template typed<T>().activate_backward(activation, begin, end, sums);
      });
  give(gradients.intermediate.bias, data<float>(bias_sum));
  give_weight(grad_output, activated, gradients.output.weight);
  give_weight(grad_intermediate, norm_output(memory.attention_norm, values.attention_norm, rows),
              gradients.intermediate.weight);

  const at::Tensor grad_projected =
      join_backward(attention_branch(values, index), attention_branch(gradients, index), pass, selection,
                    grad_attended, products_.backward_input(grad_intermediate, weights.intermediate.weight),
                    memory.attention_norm, selection ? grad_attended : grad_input);
  give_weight(grad_projected, memory.context, gradients.attention_output.weight);
  const at::Tensor grad_context = products_.backward_input(grad_projected, weights.attention_output.weight);

  const at::Tensor& weight = weights.query_key_value.weight;
  const AffineTensors& gradient = gradients.query_key_value;
  if (selection) {
    const int64_t pieces = pass.batch.pieces();
    const at::Tensor grad_query = operand<T>(rows, hidden);
    const at::Tensor grad_key_value = operand<T>(pieces, 2 * hidden);
    attend_backward(index, pass, selection, grad_context, memory, grad_query, grad_key_value);
    give_weight(grad_query, memory.asked, gradient.weight.narrow(0, 0, hidden));
    give_weight(grad_key_value, input_of(index, pass), gradient.weight.narrow(0, hidden, 2 * hidden));
    give_bias(grad_query, rows, gradient.bias.narrow(0, 0, hidden));
    give_bias(grad_key_value, pieces, gradient.bias.narrow(0, hidden, 2 * hidden));
    // The pieces that asked hand back more than those that were only looked at.
    const at::Tensor looked_at =
        products_.backward_input(grad_key_value, weight.narrow(0, hidden, 2 * hidden));
    grad_input.copy_(looked_at.narrow(0, 0, pieces));
    grad_attended.add_(products_.backward_input(grad_query, weight.narrow(0, 0, hidden)).narrow(0, 0, rows));
    scatter(grad_attended, selection->rows, grad_input);
  } else {
    const at::Tensor grad_product = operand<T>(rows, 3 * hidden);
    attend_backward(index, pass, selection, grad_context, memory, grad_product.narrow(1, 0, hidden),
                    grad_product.narrow(1, hidden, 2 * hidden));
    give_weight(grad_product, input_of(index, pass), gradient.weight);
    give_bias(grad_product, rows, gradient.bias);
    const at::Tensor more = products_.backward_input(grad_product, weight);
    const auto* from = data<T>(more);
    auto* to = data<float>(grad_input);
    over_rows(rows, [&](int64_t begin, int64_t end) {
      of_this_cpu().template typed<T>().add(from + begin * hidden, to + begin * hidden,
                                            (end - begin) * hidden);
    });
  }
}

template <class T>
void CpuEncoder<T>::embed_backward(const Pass& pass, const at::Tensor& grad) {
  const DeviceBatch& batch = pass.batch;
  const ModelTensors& gradients = gradients_->views;
  const int64_t width = geometry_.hidden_size;
  const kernels::EmbeddingNormBackward norm{
      .grad = data<float>(grad),
      .normalised = data<float>(embedding_memory_.normalised),
      .rstd = data<float>(embedding_memory_.rstd),
      .weight = data<float>(values_.embedding_norm.weight),
      .width = width,
      .dropout = pass.dropout.hidden_mask(DropoutSite::kEmbeddings),
  };
  const at::Tensor sum =
      sum_over_rows(batch.pieces(), 2 * width, [&](int64_t begin, int64_t end, float* sums) {
        of_this_cpu().embedding_norm_backward(norm, begin, end, sums);
      });
  give(gradients.embedding_norm.weight, data<float>(sum));
  give(gradients.embedding_norm.bias, data<float>(sum) + width);

  scatter(grad, batch.input_ids, gradients.word_embeddings);
  scatter(grad, batch.token_type_ids, gradients.token_type_embeddings);
  scatter(grad, batch.position_ids, gradients.position_embeddings);
  const auto* ids = data<int64_t>(batch.input_ids);
  touched_words_.insert(touched_words_.end(), ids, ids + batch.pieces());
  if (geometry_.pad_token_id >= 0) gradients.word_embeddings.select(0, geometry_.pad_token_id).zero_();
}

template <class T>
void CpuEncoder<T>::backward(const at::Tensor& grad, const DeviceBatch& batch, const Dropout& dropout) {
  const Pass pass(batch, dropout, geometry_.num_attention_heads);
  at::Tensor above = grad;
  at::Tensor below = empty<float>({batch.pieces(), geometry_.hidden_size});
  at::Tensor spare = empty<float>({batch.pieces(), geometry_.hidden_size});
  for (size_t i = values_.layers.size(); i-- > 0 && trains_layer(i);) {
    stop_.check();
    const auto index = static_cast<int64_t>(i);
    const Selection* selection = i + 1 == values_.layers.size() ? &selection_ : nullptr;
    if (checkpointing_) {
      const Arena::Frame frame;
      LayerMemory memory;
      const int64_t rows = rows_of(pass, selection);
      layer(index, pass, selection, inputs_[i], make_stream(rows), make_stream(rows), /*trains=*/true,
            memory);
      layer_backward(index, pass, selection, above, below, memory);
    } else {
      layer_backward(index, pass, selection, above, below, layers_[i]);
    }
    above = below;
    std::swap(below, spare);
  }
  if (trains_embeddings()) embed_backward(pass, above);
  accumulate_ = true;
  layers_.clear();
  inputs_.clear();
}

template class CpuEncoder<float>;
template class CpuEncoder<c10::BFloat16>;

}  // namespace nerbert
