#include "attention_kernels.h"

#include <cmath>
#include <limits>

#include "draw_mask.h"
#include "small_product.h"
#include "vec.h"

namespace nerbert::kernels::CPU_CAPABILITY {
namespace {

inline int64_t whole_vectors(int64_t size) {
  return (size + kWidth - 1) / kWidth * kWidth;
}

// One head of one sequence: `keys` pieces are looked at, `queries` pieces look.
template <class T>
struct Head {
  Head(const Attention<T>& a, int64_t sequence, int64_t head)
      : attention(a),
        head(head),
        first_key(a.boundaries[sequence]),
        keys(a.boundaries[sequence + 1] - first_key),
        first_query(a.query_boundaries[sequence]),
        queries(a.query_boundaries[sequence + 1] - first_query),
        size(a.head_size),
        key_stride(whole_vectors(keys)),
        size_stride(whole_vectors(size)),
        scale(1.0f / std::sqrt(static_cast<float>(size))),
        mask(a.dropout) {
    const auto groups_a_head = static_cast<uint32_t>(dropout_groups(keys * keys));
    mask.first_group = a.first_groups[sequence] + static_cast<uint32_t>(head) * groups_a_head;
  }

  // Where a matrix over pieces begins for this head.
  template <class Element>
  Element* at(Element* matrix, int64_t first, int64_t stride) const {
    return matrix + first * stride + head * size;
  }
  int64_t context_stride() const { return attention.heads * size; }
  int64_t position(int64_t query) const {
    return attention.query_positions ? attention.query_positions[first_query + query] : query;
  }

  const Attention<T>& attention;
  int64_t head;
  int64_t first_key, keys;
  int64_t first_query, queries;
  int64_t size;
  int64_t key_stride, size_stride;  // of scratch matrices over keys, and over the elements of a head
  float scale;
  DropoutMask mask;
};

template <class T>
inline void prefetch(const T* from, int64_t count) {
  constexpr int64_t kLine = 64 / sizeof(T);
  for (int64_t i = 0; i < count; i += kLine) __builtin_prefetch(from + i);
}

// Copies (rows, size) with its bias added, times `factor`, to float rows of size_stride, padded with zeros.
// The next head's elements, which follow in each row, are wanted soon, and too far apart for the CPU to
// foresee it.
template <class T>
void gather(const Head<T>& head, const T* from, int64_t stride, int64_t rows, const float* bias, float factor,
            float* to) {
  for (int64_t row = 0; row < rows; row++) {
    prefetch(from + row * stride + head.size, head.size);
    for_each_vector(head.size, [&](int64_t c, int64_t n) {
      Vec x = load(from + row * stride + c, n);
      if (bias) x = x + load(bias + c, n);
      x = x * Vec(factor);
      // A whole vector is stored: zero beyond the head's size.
      (n == kWidth ? x : Vec::set(Vec(0), x, n)).store(to + row * head.size_stride + c);
    });
  }
}

// (rows, size) in rows of size_stride -> (size, rows) in rows of key_stride; what lies beyond `rows` is never
// used, but must be finite: it meets exponents of -infinity.
template <class T>
void transpose(const Head<T>& head, const float* from, int64_t rows, float* to) {
  for (int64_t c = 0; c < head.size; c++) {
    float* line = to + c * head.key_stride;
    for (int64_t row = 0; row < rows; row++) line[row] = from[row * head.size_stride + c];
    for (int64_t row = rows; row < head.key_stride; row++) line[row] = 0;
  }
}

// Scores of one query, `keys` of them, become probabilities; beyond them zero. Returns the log of the sum.
inline float softmax_row(float* scores, int64_t keys) {
  const Vec lowest(-std::numeric_limits<float>::infinity());
  Vec highest = lowest;
  for_each_vector(keys, [&](int64_t c, int64_t n) {
    const Vec x = Vec::loadu(scores + c);
    highest = at::vec::maximum(highest, n == kWidth ? x : Vec::set(lowest, x, n));
  });
  float lanes[kWidth];
  highest.store(lanes);
  float top = lanes[0];
  for (float lane : lanes) top = std::max(top, lane);
  Vec total(0);
  for_each_vector(keys, [&](int64_t c, int64_t n) {
    Vec x = (Vec::loadu(scores + c) - Vec(top)).exp_u20();
    if (n < kWidth) x = Vec::set(Vec(0), x, n);
    x.store(scores + c);
    total = total + x;
  });
  const float sum = sum_of(total);
  const Vec share(1 / sum);
  for_each_vector(keys, [&](int64_t c, int64_t) { (Vec::loadu(scores + c) * share).store(scores + c); });
  return top + std::log(sum);
}

// The same probabilities from the log of the sum that the forward pass kept.
inline void softmax_row_again(float* scores, int64_t keys, float log_sum) {
  for_each_vector(keys, [&](int64_t c, int64_t n) {
    const Vec x = (Vec::loadu(scores + c) - Vec(log_sum)).exp_u20();
    (n == kWidth ? x : Vec::set(Vec(0), x, n)).store(scores + c);
  });
}

// The multipliers of the whole head: (keys, keys) without gaps.
template <class T>
void draw_mask(const Head<T>& head, float* multipliers) {
  const auto groups = static_cast<uint32_t>(dropout_groups(head.keys * head.keys));
  for (uint32_t group = 0; group < groups; group++) {
    group_multipliers(head.mask, group, multipliers + group * kDropoutGroup);
  }
}

// The matrices of one head, in a block that the caller gives; without one only their size is counted.
struct Scratch {
  Scratch(float* memory, int64_t keys, int64_t key_stride, int64_t size, int64_t size_stride) {
    const auto take = [&](int64_t count) {
      float* taken = memory ? memory + floats : nullptr;
      floats += (count + 15) / 16 * 16;
      return taken;
    };
    query = take(keys * size_stride);
    key = take(keys * size_stride);
    value = take(keys * size_stride);
    grad = take(keys * size_stride);
    result = take(keys * size_stride);
    transposed = take(size * key_stride);
    scores = take(keys * key_stride);
    grad_scores = take(keys * key_stride);
    multipliers = take(dropout_groups(keys * keys) * kDropoutGroup);
  }

  float *query, *key, *value, *grad, *result;  // (pieces, size)
  float* transposed;                           // (size, keys)
  float *scores, *grad_scores;                 // (queries, keys)
  float* multipliers;                          // (keys, keys)
  int64_t floats = 0;
};

template <class T>
void gather_queries_and_keys(const Head<T>& head, const Scratch& scratch) {
  const auto& a = head.attention;
  const int64_t first = head.head * head.size;
  gather(head, head.at(a.query, head.first_query, a.query_stride), a.query_stride, head.queries,
         a.query_bias + first, head.scale, scratch.query);
  gather(head, head.at(a.key, head.first_key, a.key_value_stride), a.key_value_stride, head.keys,
         a.key_bias + first, 1.0f, scratch.key);
  gather(head, head.at(a.value, head.first_key, a.key_value_stride), a.key_value_stride, head.keys,
         a.value_bias + first, 1.0f, scratch.value);
}

// query * key^T -> scores
template <class T>
void score(const Head<T>& head, const Scratch& scratch) {
  transpose(head, scratch.key, head.keys, scratch.transposed);
  multiply({scratch.query, head.size_stride, 1, scratch.transposed, head.key_stride, scratch.scores,
            head.key_stride, head.queries, head.size, head.keys});
}

// scores[i] *= multipliers[position of i]
template <class T>
void drop_rows(const Head<T>& head, const float* multipliers, float* scores) {
  for (int64_t i = 0; i < head.queries; i++) {
    const float* row = multipliers + head.position(i) * head.keys;
    float* line = scores + i * head.key_stride;
    for_each_vector(head.keys,
                    [&](int64_t c, int64_t n) { (Vec::loadu(line + c) * load(row + c, n)).store(line + c); });
  }
}

// Rows of a result (rows, size) -> their place in a matrix of T.
template <class T>
void scatter(const Head<T>& head, const float* from, int64_t rows, float factor, T* to, int64_t stride) {
  for (int64_t row = 0; row < rows; row++) {
    for_each_vector(head.size, [&](int64_t c, int64_t n) {
      store(to + row * stride + c, Vec::loadu(from + row * head.size_stride + c) * Vec(factor), n);
    });
  }
}

template <class T>
Scratch carve(const Head<T>& head, float* scratch) {
  return {scratch, head.keys, head.key_stride, head.size, head.size_stride};
}

}  // namespace

int64_t attention_scratch(int64_t longest, int64_t head_size) {
  return Scratch(nullptr, longest, whole_vectors(longest), head_size, whole_vectors(head_size)).floats;
}

template <class T>
void attention(const Attention<T>& a, int64_t sequence, int64_t head_index, float* memory) {
  const Head<T> head(a, sequence, head_index);
  if (head.queries == 0) return;
  const Scratch scratch = carve(head, memory);
  gather_queries_and_keys(head, scratch);
  score(head, scratch);
  for (int64_t i = 0; i < head.queries; i++) {
    a.log_sums[(head.first_query + i) * a.heads + head_index] =
        softmax_row(scratch.scores + i * head.key_stride, head.keys);
  }
  if (head.mask.drops()) {
    draw_mask(head, scratch.multipliers);
    drop_rows(head, scratch.multipliers, scratch.scores);
  }
  multiply({scratch.scores, head.key_stride, 1, scratch.value, head.size_stride, scratch.result,
            head.size_stride, head.queries, head.keys, head.size});
  scatter(head, scratch.result, head.queries, 1.0f,
          head.at(a.context, head.first_query, head.context_stride()), head.context_stride());
}

template <class T>
void attention_backward(const Attention<T>& a, int64_t sequence, int64_t head_index, float* memory) {
  const Head<T> head(a, sequence, head_index);
  const Scratch scratch = carve(head, memory);
  const bool drops = head.mask.drops();
  gather_queries_and_keys(head, scratch);
  gather(head, head.at(a.grad_context, head.first_query, head.context_stride()), head.context_stride(),
         head.queries, nullptr, 1.0f, scratch.grad);

  // The gradient by the probabilities: grad * value^T, where they were not dropped.
  transpose(head, scratch.value, head.keys, scratch.transposed);
  multiply({scratch.grad, head.size_stride, 1, scratch.transposed, head.key_stride, scratch.grad_scores,
            head.key_stride, head.queries, head.size, head.keys});
  score(head, scratch);
  if (drops) draw_mask(head, scratch.multipliers);

  // probabilities * (gradient - sum of both along the row); `scores` then hold what the values were weighted
  // with.
  for (int64_t i = 0; i < head.queries; i++) {
    float* probabilities = scratch.scores + i * head.key_stride;
    float* gradient = scratch.grad_scores + i * head.key_stride;
    const float* multipliers = scratch.multipliers + head.position(i) * head.keys;
    softmax_row_again(probabilities, head.keys, a.log_sums[(head.first_query + i) * a.heads + head_index]);
    Vec dot(0);
    for_each_vector(head.keys, [&](int64_t c, int64_t n) {
      Vec g = Vec::loadu(gradient + c);
      if (drops) g = g * load(multipliers + c, n);
      dot = at::vec::fmadd(g, Vec::loadu(probabilities + c), dot);
      g.store(gradient + c);
    });
    const Vec sum(sum_of(dot));
    for_each_vector(head.keys, [&](int64_t c, int64_t n) {
      const Vec p = Vec::loadu(probabilities + c);
      (p * (Vec::loadu(gradient + c) - sum)).store(gradient + c);
      if (drops) (p * load(multipliers + c, n)).store(probabilities + c);
    });
  }

  multiply({scratch.scores, 1, head.key_stride, scratch.grad, head.size_stride, scratch.result,
            head.size_stride, head.keys, head.queries, head.size});
  scatter(head, scratch.result, head.keys, 1.0f, head.at(a.grad_value, head.first_key, a.key_value_stride),
          a.key_value_stride);
  multiply({scratch.grad_scores, 1, head.key_stride, scratch.query, head.size_stride, scratch.result,
            head.size_stride, head.keys, head.queries, head.size});
  scatter(head, scratch.result, head.keys, 1.0f, head.at(a.grad_key, head.first_key, a.key_value_stride),
          a.key_value_stride);
  multiply({scratch.grad_scores, head.key_stride, 1, scratch.key, head.size_stride, scratch.result,
            head.size_stride, head.queries, head.keys, head.size});
  scatter(head, scratch.result, head.queries, head.scale,
          head.at(a.grad_query, head.first_query, a.query_stride), a.query_stride);
}

template void attention(const Attention<float>&, int64_t, int64_t, float*);
template void attention(const Attention<c10::BFloat16>&, int64_t, int64_t, float*);
template void attention_backward(const Attention<float>&, int64_t, int64_t, float*);
template void attention_backward(const Attention<c10::BFloat16>&, int64_t, int64_t, float*);

}  // namespace nerbert::kernels::CPU_CAPABILITY
