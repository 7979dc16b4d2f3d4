#include "table.h"

#include <ATen/Version.h>

#include <string>

namespace nerbert::kernels {

namespace DEFAULT {
const Kernels& table();
}
#if defined(__x86_64__)
namespace AVX2 {
const Kernels& table();
}
namespace AVX512 {
const Kernels& table();
}
#endif

const Kernels& of_this_cpu() {
  static const Kernels& chosen = []() -> const Kernels& {
#if defined(__x86_64__)
    const std::string capability = at::get_cpu_capability();
    if (capability == "AVX512") return AVX512::table();
    if (capability == "AVX2") return AVX2::table();
#endif
    return DEFAULT::table();
  }();
  return chosen;
}

}  // namespace nerbert::kernels
