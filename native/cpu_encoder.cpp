#include "cpu_encoder.h"

#include <algorithm>
#include <type_traits>

#include "arena.h"
#include "cpu_rows.h"

namespace nerbert {

using kernels::of_this_cpu;

template <class T>
void CpuEncoder<T>::embed(const CpuPass& pass, const Stream& output, const NormMemory& memory) const {
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
typename CpuEncoder<T>::Stream CpuEncoder<T>::run(const CpuPass& pass, size_t layers,
                                                  std::vector<at::Tensor>* hidden_states) const {
  const int64_t pieces = pass.batch.pieces();
  Stream input = make_stream(pieces);
  Stream output = make_stream(pieces);
  const Stream attended = make_stream(pieces);
  embed(pass, input, {});
  if (hidden_states) hidden_states->push_back(input.full.narrow(0, 0, pieces).clone());
  for (size_t i = 0; i < layers; i++) {
    stop_.check();
    {
      Memory forgotten;
      const Arena::Frame frame;
      layer(i).forward(pass, nullptr, input, attended, output, /*trains=*/false, forgotten);
    }
    std::swap(input, output);
    if (hidden_states) hidden_states->push_back(input.full.narrow(0, 0, pieces).clone());
  }
  return input;
}

template <class T>
at::Tensor CpuEncoder<T>::forward(const DeviceBatch& batch, std::vector<at::Tensor>* hidden_states) {
  const Dropout none;
  const CpuPass pass(batch, none, geometry_.num_attention_heads);
  return run(pass, values_.layers.size(), hidden_states).full.narrow(0, 0, batch.pieces());
}

template <class T>
at::Tensor CpuEncoder<T>::forward_labelled(const DeviceBatch& batch) {
  const Dropout none;
  const CpuPass pass(batch, none, geometry_.num_attention_heads);
  const size_t last = values_.layers.size() - 1;
  const Stream input = run(pass, last, nullptr);
  stop_.check();
  const Selection labelled(batch);
  const int64_t rows = batch.labelled.numel();
  const Stream output = make_stream(rows);
  Memory forgotten;
  layer(last).forward(pass, &labelled, input, make_stream(rows), output, /*trains=*/false, forgotten);
  return output.full.narrow(0, 0, rows);
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
  const CpuPass pass(batch, dropout, geometry_.num_attention_heads);
  const size_t layers = values_.layers.size();
  selection_.emplace(batch);
  layers_.assign(layers, {});
  inputs_.assign(layers, {});
  if (trains_embeddings()) embedding_memory_ = CpuLayer<T>::make_norm_memory(batch.pieces(), geometry_);
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
  train_layer(layers - 1, pass, &*selection_, input, make_stream(labelled), output);
  return output.full.narrow(0, 0, labelled);
}

template <class T>
void CpuEncoder<T>::train_layer(size_t index, const CpuPass& pass, const Selection* selection,
                                const Stream& input, const Stream& attended, const Stream& output) {
  if (keeps_input(index)) inputs_[index] = input;
  if (checkpointing_ || !trains_layer(index)) {
    Memory forgotten;
    const Arena::Frame frame;
    layer(index).forward(pass, selection, input, attended, output, /*trains=*/false, forgotten);
  } else {
    layer(index).forward(pass, selection, input, attended, output, /*trains=*/true, layers_[index]);
  }
}

template <class T>
at::Tensor CpuEncoder<T>::input_of(size_t index, const CpuPass& pass) const {
  if (keeps_input(index)) return inputs_[index].typed;
  return CpuLayer<T>::norm_output(layers_[index - 1].output_norm, values_.layers[index - 1].output_norm,
                                  pass.batch.pieces());
}

template <class T>
void CpuEncoder<T>::embed_backward(const CpuPass& pass, const at::Tensor& grad) {
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
  give(gradients.embedding_norm.weight, data<float>(sum), accumulate_);
  give(gradients.embedding_norm.bias, data<float>(sum) + width, accumulate_);

  scatter_rows(grad, batch.input_ids, gradients.word_embeddings);
  scatter_rows(grad, batch.token_type_ids, gradients.token_type_embeddings);
  scatter_rows(grad, batch.position_ids, gradients.position_embeddings);
  const auto* ids = data<int64_t>(batch.input_ids);
  touched_words_.insert(touched_words_.end(), ids, ids + batch.pieces());
  if (geometry_.pad_token_id >= 0) gradients.word_embeddings.select(0, geometry_.pad_token_id).zero_();
}

template <class T>
void CpuEncoder<T>::backward(const at::Tensor& grad, const DeviceBatch& batch, const Dropout& dropout) {
  const CpuPass pass(batch, dropout, geometry_.num_attention_heads);
  at::Tensor above = grad;
  at::Tensor below = empty<float>({batch.pieces(), geometry_.hidden_size});
  at::Tensor spare = empty<float>({batch.pieces(), geometry_.hidden_size});
  for (size_t i = values_.layers.size(); i-- > 0 && trains_layer(i);) {
    stop_.check();
    const Selection* selection = i + 1 == values_.layers.size() ? &*selection_ : nullptr;
    const LayerTensors& gradients = gradients_->views.layers[i];
    const auto input = [&] { return input_of(i, pass); };
    if (checkpointing_) {
      const Arena::Frame frame;
      Memory memory;
      const int64_t rows = selection ? batch.labelled.numel() : batch.pieces();
      layer(i).forward(pass, selection, inputs_[i], make_stream(rows), make_stream(rows), /*trains=*/true,
                       memory);
      layer(i).backward(pass, selection, above, input, memory, below, gradients, accumulate_);
    } else {
      layer(i).backward(pass, selection, above, input, layers_[i], below, gradients, accumulate_);
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
