#pragma once

#include <ATen/cpu/vec/vec.h>

#include <cstdint>
#include <type_traits>

// For kernel files alone: what is here has another width in each CPU capability, hence the namespace of its
// own.
namespace nerbert::kernels::CPU_CAPABILITY {

using Vec = at::vec::Vectorized<float>;
inline constexpr int64_t kWidth = Vec::size();

// `count` elements (at most a vector's) as float32; the others are zero.
template <class T>
inline Vec load(const T* from, int64_t count = kWidth) {
  if constexpr (std::is_same_v<T, float>) {
    return count == kWidth ? Vec::loadu(from) : Vec::loadu(from, count);
  } else {
    Vec out;
    if (count == kWidth) {
      at::vec::load_fp32_from_bf16(from, out);
    } else {
      T padded[kWidth] = {};
      for (int64_t i = 0; i < count; i++) padded[i] = from[i];
      at::vec::load_fp32_from_bf16(padded, out);
    }
    return out;
  }
}

// Stores the first `count` elements, rounded to the nearest where T is narrower.
template <class T>
inline void store(T* to, const Vec& value, int64_t count = kWidth) {
  if constexpr (std::is_same_v<T, float>) {
    if (count == kWidth) {
      value.store(to);
    } else {
      value.store(to, count);
    }
  } else {
    at::vec::convert_float_bfloat16(value, value).store(to, count);
  }
}

// Calls work(column, count) for each vector of a row; `count` is less than a vector's width at the end alone.
template <class Work>
inline void for_each_vector(int64_t size, const Work& work) {
  int64_t column = 0;
  for (; column + kWidth <= size; column += kWidth) work(column, kWidth);
  if (column < size) work(column, size - column);
}

inline float sum_of(const Vec& value) {
  float lanes[kWidth];
  value.store(lanes);
  float sum = 0;
  for (float lane : lanes) sum += lane;
  return sum;
}

}  // namespace nerbert::kernels::CPU_CAPABILITY
