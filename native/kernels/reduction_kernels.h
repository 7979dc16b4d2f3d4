#pragma once

#include "table.h"

namespace nerbert::kernels::CPU_CAPABILITY {

template <class T>
void sum_rows(const T* from, int64_t stride, int64_t width, int64_t begin, int64_t end, float* sums);
template <class T>
void add(const T* from, float* to, int64_t size);
void scatter_rows(const RowScatter&);

}  // namespace nerbert::kernels::CPU_CAPABILITY
