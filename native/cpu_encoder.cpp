#include "cpu_encoder.h"

#include <algorithm>
#include <optional>
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
      .dropout = pass.dropout.hidden_mask(DropoutSite::kEmbeddings, geometry_.hidden_size),
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
std::vector<at::Tensor> CpuEncoder<T>::train_forward(Team& team, const std::vector<TrainingShare>& shares) {
  shares_.clear();
  for (const TrainingShare& share : shares) shares_.emplace_back(share, geometry_);
  std::vector<at::Tensor> hidden(shares.size());
  team.each([&](size_t i) { hidden[i] = train_forward(shares_[i]); });
  return hidden;
}

template <class T>
at::Tensor CpuEncoder<T>::train_forward(Share& share) const {
  const int64_t pieces = share.pass.batch.pieces();
  const size_t last = values_.layers.size() - 1;
  if (trains_embeddings()) share.embedding = CpuLayer<T>::make_norm_memory(pieces, geometry_);
  const Stream attended = make_stream(pieces);
  Stream input = make_stream(pieces);
  Stream spare;
  embed(share.pass, input, share.embedding);
  for (size_t i = 0; i < last; i++) {
    stop_.check();
    const Stream output = spare.full.defined() ? spare : make_stream(pieces);
    train_layer(i, share, input, attended, output);
    spare = keeps_input(i) ? Stream{} : input;
    input = output;
  }
  stop_.check();
  const int64_t labelled = share.asking(last);
  const Stream output = make_stream(labelled);
  train_layer(last, share, input, make_stream(labelled), output);
  return output.full.narrow(0, 0, labelled);
}

template <class T>
void CpuEncoder<T>::train_layer(size_t index, Share& share, const Stream& input, const Stream& attended,
                                const Stream& output) const {
  if (keeps_input(index)) share.inputs[index] = input;
  const Selection* selection = share.selection(index);
  if (checkpointing_ || !trains_layer(index)) {
    Memory forgotten;
    const Arena::Frame frame;
    layer(index).forward(share.pass, selection, input, attended, output, /*trains=*/false, forgotten);
  } else {
    layer(index).forward(share.pass, selection, input, attended, output, /*trains=*/true,
                         share.layers[index]);
  }
}

template <class T>
at::Tensor CpuEncoder<T>::input_of(size_t index, const Share& share) const {
  if (keeps_input(index)) return share.inputs[index].typed;
  return CpuLayer<T>::norm_output(share.layers[index - 1].output_norm, values_.layers[index - 1].output_norm,
                                  share.pass.batch.pieces());
}

template <class T>
GradientTerms CpuEncoder<T>::layer_backward(size_t index, Share& share) const {
  const Selection* selection = share.selection(index);
  Memory& memory = share.layers[index];
  if (checkpointing_) {
    const int64_t rows = share.asking(index);
    layer(index).forward(share.pass, selection, share.inputs[index], make_stream(rows), make_stream(rows),
                         /*trains=*/true, memory);
  }
  return layer(index).backward(share.pass, selection, share.above, input_of(index, share), memory,
                               share.below, gradients_->views.layers[index]);
}

template <class T>
GradientTerms CpuEncoder<T>::embed_backward(const Share& share) const {
  const int64_t width = geometry_.hidden_size;
  const kernels::EmbeddingNormBackward norm{
      .grad = data<float>(share.above),
      .normalised = data<float>(share.embedding.normalised),
      .rstd = data<float>(share.embedding.rstd),
      .weight = data<float>(values_.embedding_norm.weight),
      .width = width,
      .dropout = share.pass.dropout.hidden_mask(DropoutSite::kEmbeddings, width),
  };
  const at::Tensor sums =
      sum_over_rows(share.pass.batch.pieces(), 2 * width, [&](int64_t begin, int64_t end, float* sums) {
        of_this_cpu().embedding_norm_backward(norm, begin, end, sums);
      });
  const AffineTensors& gradient = gradients_->views.embedding_norm;
  return {{}, {{gradient.weight, sums.narrow(0, 0, width)}, {gradient.bias, sums.narrow(0, width, width)}}};
}

template <class T>
void CpuEncoder<T>::scatter_embeddings(const Share& share) {
  const DeviceBatch& batch = share.pass.batch;
  const ModelTensors& gradients = gradients_->views;
  scatter_rows(share.above, batch.input_ids, gradients.word_embeddings);
  scatter_rows(share.above, batch.token_type_ids, gradients.token_type_embeddings);
  scatter_rows(share.above, batch.position_ids, gradients.position_embeddings);
  const auto* ids = data<int64_t>(batch.input_ids);
  touched_words_.insert(touched_words_.end(), ids, ids + batch.pieces());
}

template <class T>
void CpuEncoder<T>::backward(Team& team, const std::vector<at::Tensor>& grads) {
  std::vector<GradientTerms> terms(shares_.size());
  team.each([&](size_t i) {
    Share& share = shares_[i];
    share.above = grads[i];
    share.below = empty<float>({share.pass.batch.pieces(), geometry_.hidden_size});
    share.spare = empty<float>({share.pass.batch.pieces(), geometry_.hidden_size});
  });
  for (size_t index = values_.layers.size(); index-- > 0 && trains_layer(index);) {
    // What a share makes on its way through the layer lasts until the team has added it up.
    std::vector<std::optional<Arena::Frame>> frames(shares_.size());
    team.each([&](size_t i) {
      stop_.check();
      frames[i].emplace();
      terms[i] = layer_backward(index, shares_[i]);
    });
    add_up(terms, products_, team, accumulate_);
    for (Share& share : shares_) {
      share.above = share.below;
      std::swap(share.below, share.spare);
    }
  }
  if (trains_embeddings()) {
    team.each([&](size_t i) { terms[i] = embed_backward(shares_[i]); });
    add_up(terms, products_, team, accumulate_);
    for (const Share& share : shares_) scatter_embeddings(share);
    if (geometry_.pad_token_id >= 0) {
      gradients_->views.word_embeddings.select(0, geometry_.pad_token_id).zero_();
    }
  }
  accumulate_ = true;
  shares_.clear();
}

template class CpuEncoder<float>;
template class CpuEncoder<c10::BFloat16>;

}  // namespace nerbert
