#include "reduction_kernels.h"

#include <algorithm>

#include "vec.h"

namespace nerbert::kernels::CPU_CAPABILITY {

template <class T>
void sum_rows(const T* from, int64_t stride, int64_t width, int64_t begin, int64_t end, float* sums) {
  std::fill(sums, sums + width, 0.0f);
  for (int64_t row = begin; row < end; row++) {
    for_each_vector(width, [&](int64_t c, int64_t n) {
      store(sums + c, load(sums + c, n) + load(from + row * stride + c, n), n);
    });
  }
}

template <class T>
void add(const T* from, float* to, int64_t size) {
  for_each_vector(size, [&](int64_t i, int64_t n) { store(to + i, load(to + i, n) + load(from + i, n), n); });
}

void scatter_rows(const RowScatter& scatter) {
  for (int64_t row = 0; row < scatter.rows; row++) {
    const int64_t id = scatter.ids[row];
    if (id < scatter.first_id || id >= scatter.last_id) continue;
    add(scatter.from + row * scatter.width, scatter.to + id * scatter.width, scatter.width);
  }
}

template void sum_rows(const float*, int64_t, int64_t, int64_t, int64_t, float*);
template void sum_rows(const c10::BFloat16*, int64_t, int64_t, int64_t, int64_t, float*);
template void add(const float*, float*, int64_t);
template void add(const c10::BFloat16*, float*, int64_t);

}  // namespace nerbert::kernels::CPU_CAPABILITY
