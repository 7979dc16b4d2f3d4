#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "kernels/table.h"

// What the CPU encoder and its layers share: matrices, and work that is spread over their rows.
namespace nerbert {

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
template <class T>
at::Tensor operand(int64_t rows, int64_t width) {
  constexpr int64_t kRowsAProduct = 32;
  const int64_t padded = (rows + kRowsAProduct - 1) / kRowsAProduct * kRowsAProduct;
  at::Tensor matrix = empty<T>({padded, width});
  std::fill_n(data<T>(matrix) + rows * width, (padded - rows) * width, T(0));
  return matrix;
}

// Rows of one task, and of one partial sum: a fixed number, so that sums do not depend on how many threads
// there are.
inline constexpr int64_t kRowsATask = 32;

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
  kernels::of_this_cpu().float32.sum_rows(sums, columns, columns, 0, blocks, data<float>(total));
  return total;
}

// Adds rows of `from` (rows, width) float32 to those of `to` that `ids` (rows) name, int64.
inline void scatter_rows(const at::Tensor& from, const at::Tensor& ids, const at::Tensor& to) {
  const kernels::RowScatter rows{
      .from = data<float>(from),
      .ids = data<int64_t>(ids),
      .rows = ids.numel(),
      .width = to.size(1),
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
    kernels::of_this_cpu().scatter_rows(part);
  });
}

}  // namespace nerbert
