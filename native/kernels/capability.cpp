#include "activation_kernels.h"
#include "adam_kernels.h"
#include "attention_kernels.h"
#include "dropout_kernels.h"
#include "norm_kernels.h"
#include "reduction_kernels.h"
#include "table.h"

namespace nerbert::kernels::CPU_CAPABILITY {
namespace {

template <class T>
TypedKernels<T> typed() {
  return {residual_norm<T>,      norm_output<T>,       residual_norm_backward<T>,
          activate<T>,           activate_backward<T>, attention<T>,
          attention_backward<T>, sum_rows<T>,          add<T>};
}

}  // namespace

const Kernels& table() {
  static const Kernels kernels{typed<float>(), typed<c10::BFloat16>(),
                               embedding_norm, embedding_norm_backward,
                               scatter_rows,   drop,
                               adam,           scale,
                               sum_of_squares, attention_scratch};
  return kernels;
}

}  // namespace nerbert::kernels::CPU_CAPABILITY
