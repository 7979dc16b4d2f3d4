#pragma once

#include <algorithm>

#include "vec.h"

namespace nerbert::kernels::CPU_CAPABILITY {

// c (rows, columns) = a (rows, inner) * b (inner, columns), for the little matrices of one attention head,
// where a library's call costs more than the product. Element (i, k) of a is a[i * a_row + k * a_inner]. b
// and c lie in rows of b_stride and c_stride floats, and `columns` is rounded up to whole vectors in both.
struct SmallProduct {
  const float* a;
  int64_t a_row;
  int64_t a_inner;
  const float* b;
  int64_t b_stride;
  float* c;
  int64_t c_stride;
  int64_t rows;
  int64_t inner;
  int64_t columns;
};

// Rows x Vectors accumulators stay in registers while k runs.
template <int Rows, int Vectors>
inline void product_block(const SmallProduct& p, int64_t row, int64_t column) {
  Vec sums[Rows][Vectors];
  for (int i = 0; i < Rows; i++) {
    for (int v = 0; v < Vectors; v++) sums[i][v] = Vec(0);
  }
  const float* a = p.a + row * p.a_row;
  const float* b = p.b + column;
  for (int64_t k = 0; k < p.inner; k++) {
    Vec columns[Vectors];
    for (int v = 0; v < Vectors; v++) columns[v] = Vec::loadu(b + v * kWidth);
    for (int i = 0; i < Rows; i++) {
      const Vec factor(a[i * p.a_row]);
      for (int v = 0; v < Vectors; v++) sums[i][v] = at::vec::fmadd(factor, columns[v], sums[i][v]);
    }
    a += p.a_inner;
    b += p.b_stride;
  }
  float* c = p.c + row * p.c_stride + column;
  for (int i = 0; i < Rows; i++) {
    for (int v = 0; v < Vectors; v++) sums[i][v].store(c + i * p.c_stride + v * kWidth);
  }
}

template <int Vectors>
inline void product_columns(const SmallProduct& p, int64_t column) {
  int64_t row = 0;
  for (; row + 6 <= p.rows; row += 6) product_block<6, Vectors>(p, row, column);
  switch (p.rows - row) {
    case 5:
      return product_block<5, Vectors>(p, row, column);
    case 4:
      return product_block<4, Vectors>(p, row, column);
    case 3:
      return product_block<3, Vectors>(p, row, column);
    case 2:
      return product_block<2, Vectors>(p, row, column);
    case 1:
      return product_block<1, Vectors>(p, row, column);
  }
}

inline void multiply(const SmallProduct& p) {
  // Six rows of as many vectors as the registers hold: 16 of them in AVX2, 32 in AVX-512.
  constexpr int kMost = kWidth >= 16 ? 4 : 2;
  const int64_t end = (p.columns + kWidth - 1) / kWidth * kWidth;
  int64_t column = 0;
  for (; column + kMost * kWidth <= end; column += kMost * kWidth) product_columns<kMost>(p, column);
  switch ((end - column) / kWidth) {
    case 3:
      return product_columns<3>(p, column);
    case 2:
      return product_columns<2>(p, column);
    case 1:
      return product_columns<1>(p, column);
  }
}

}  // namespace nerbert::kernels::CPU_CAPABILITY
