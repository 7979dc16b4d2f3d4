#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

#include "dropout_mask.h"
#include "geometry.h"

// The kernels of the CPU encoder: what surrounds the matrix products, each pass over memory doing all that
// can be done in it. They work on plain rows, never start threads, and are compiled once per CPU capability;
// of_this_cpu() gives those of this CPU. Matrices are row-major and dense unless a stride is given. T is the
// type of products: float, or BFloat16 with float32 arithmetic.
namespace nerbert::kernels {

// out = LayerNorm(dropout(product + product_bias) + residual)
template <class T>
struct ResidualNorm {
  const T* product;
  const float* product_bias;  // (width)
  const float* residual;
  const int32_t* residual_rows;  // which row of the residual goes to row i; null: row i itself
  const int32_t* mask_rows;      // which row of the mask; null: row i itself
  const float* weight;           // (width)
  const float* bias;             // (width)
  float eps;
  int64_t width;
  DropoutMask dropout;
  float* out;
  T* out_copy;        // the same rounded, where T is not float
  float* normalised;  // (out - bias) / weight, for the backward pass; or null
  float* rstd;        // (rows), or null
};

// out = normalised * weight + bias: what a LayerNorm gave, from what it keeps, to the same bits.
template <class T>
struct NormOutput {
  const float* normalised;
  const float* weight;  // (width)
  const float* bias;    // (width)
  int64_t width;
  T* out;
};

// The gradients of ResidualNorm.
template <class T>
struct ResidualNormBackward {
  const float* grad;   // by out
  const T* grad_more;  // to be added to grad, or null
  const float* normalised;
  const float* rstd;
  const int32_t* mask_rows;
  const float* weight;
  int64_t width;
  DropoutMask dropout;
  float* grad_residual;
  T* grad_product;
};

template <class T>
struct ActivationPass {
  Activation kind;
  const T* product;   // (rows, width), without its bias
  const float* bias;  // (width)
  int64_t width;
  T* activated;  // (rows, width); may be the product where there is no backward pass
  T* grad;       // backward: by activated before, by product after
};

// Attention of the sequences of a packed batch. Row strides are in elements.
template <class T>
struct Attention {
  int64_t heads;
  int64_t head_size;
  const int64_t* boundaries;        // (sequences + 1): rows of key and value
  const int64_t* query_boundaries;  // (sequences + 1): rows of query; the same unless some pieces ask nothing
  const int32_t* query_positions;   // (queries): place within the sequence; null: all ask, in order
  const T* query;
  int64_t query_stride;
  const T* key;
  const T* value;
  int64_t key_value_stride;
  const float* query_bias;  // (heads * head_size), and so on
  const float* key_bias;
  const float* value_bias;
  DropoutMask dropout;
  const uint32_t* first_groups;  // (sequences): of the mask of the first head; heads follow in whole groups
  T* context;                    // (queries, heads * head_size)
  float* log_sums;               // (queries, heads): log of the softmax's denominator, for the backward pass

  // Backward.
  const T* grad_context;
  T* grad_query;  // with the strides of query, key and value
  T* grad_key;
  T* grad_value;
};

struct EmbeddingNorm {
  const float* words;       // (vocabulary, width)
  const float* positions;   // (positions, width)
  const float* types;       // (types, width)
  const int64_t* word_ids;  // (rows)
  const int64_t* position_ids;
  const int64_t* type_ids;
  const float* weight;
  const float* bias;
  float eps;
  int64_t width;
  DropoutMask dropout;
  float* out;
  c10::BFloat16* out_copy;  // the same rounded, or null
  float* normalised;        // as in ResidualNorm
  float* rstd;
};

struct EmbeddingNormBackward {
  float* grad;  // by the dropped output before, by the sum of the embeddings after
  const float* normalised;
  const float* rstd;
  const float* weight;
  int64_t width;
  DropoutMask dropout;
};

// Adds rows of `from` to the rows of `to` that their ids name, for ids in [first_id, last_id) alone, in the
// order of the rows.
struct RowScatter {
  const float* from;
  const int64_t* ids;
  int64_t rows;
  int64_t width;
  int64_t first_id;
  int64_t last_id;
  float* to;
};

// An update of Adam or AdamW.
struct AdamUpdate {
  float* values;
  const float* gradients;
  float gradient_scale;
  float* first_moments;
  float* second_moments;
  c10::BFloat16* copy;  // of the values, rounded; or null
  float left1;          // 1 - beta1, and so on; not to be had from a rounded beta
  float beta2;
  float left2;
  float eps;
  float rate;             // the learning rate over the first moment's bias correction
  float root_correction;  // 1 / sqrt of the second moment's bias correction
  float coupled_decay;    // Adam: this share of the value is added to its gradient
  float kept;             // AdamW: what decay leaves of the value
};

template <class T>
struct TypedKernels {
  void (*residual_norm)(const ResidualNorm<T>&, int64_t begin, int64_t end);
  void (*norm_output)(const NormOutput<T>&, int64_t begin, int64_t end);
  // `sums` (3, width) becomes the gradients of weight, bias and product_bias over these rows.
  void (*residual_norm_backward)(const ResidualNormBackward<T>&, int64_t begin, int64_t end, float* sums);
  void (*activate)(const ActivationPass<T>&, int64_t begin, int64_t end);
  // `sums` (width) becomes the gradient of the bias over these rows.
  void (*activate_backward)(const ActivationPass<T>&, int64_t begin, int64_t end, float* sums);
  // `scratch`: attention_scratch(longest sequence, head size) floats.
  void (*attention)(const Attention<T>&, int64_t sequence, int64_t head, float* scratch);
  void (*attention_backward)(const Attention<T>&, int64_t sequence, int64_t head, float* scratch);
  // `sums` (width) becomes the sum of rows [begin, end) of a matrix with the given stride.
  void (*sum_rows)(const T* from, int64_t stride, int64_t width, int64_t begin, int64_t end, float* sums);
  void (*add)(const T* from, float* to, int64_t size);
};

struct Kernels {
  TypedKernels<float> float32;
  TypedKernels<c10::BFloat16> bfloat16;
  void (*embedding_norm)(const EmbeddingNorm&, int64_t begin, int64_t end);
  // `sums` (2, width) becomes the gradients of weight and bias over these rows.
  void (*embedding_norm_backward)(const EmbeddingNormBackward&, int64_t begin, int64_t end, float* sums);
  void (*scatter_rows)(const RowScatter&);
  // In place, rows [begin, end).
  void (*drop)(const DropoutMask&, float* data, int64_t width, int64_t begin, int64_t end);
  void (*adam)(const AdamUpdate&, int64_t begin, int64_t end);
  void (*scale)(float* data, float factor, int64_t size);
  double (*sum_of_squares)(const float* data, int64_t size);
  int64_t (*attention_scratch)(int64_t longest, int64_t head_size);

  template <class T>
  const TypedKernels<T>& typed() const;
};

template <>
inline const TypedKernels<float>& Kernels::typed<float>() const {
  return float32;
}
template <>
inline const TypedKernels<c10::BFloat16>& Kernels::typed<c10::BFloat16>() const {
  return bfloat16;
}

// The kernels for the vector instructions that libtorch uses on this CPU.
const Kernels& of_this_cpu();

}  // namespace nerbert::kernels
