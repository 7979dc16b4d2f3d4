#include "host_memory.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <sys/mman.h>

namespace nerbert {
namespace {

constexpr size_t kHugePage = size_t{1} << 21;

}  // namespace

at::Tensor host_zeros(int64_t elements) {
  const size_t size = static_cast<size_t>(elements) * sizeof(float);
  if (size < 2 * kHugePage) return at::zeros({elements}, at::kFloat);
  // Room to begin at a huge page; what is never used takes no memory.
  const size_t mapped = size + kHugePage;
  void* const pages = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return at::zeros({elements}, at::kFloat);
  const auto address = reinterpret_cast<uintptr_t>(pages);
  void* const data = reinterpret_cast<void*>((address + kHugePage - 1) / kHugePage * kHugePage);
  ::madvise(data, size, MADV_HUGEPAGE);  // advice only: ordinary pages do as well
  return at::from_blob(
      data, {elements}, [pages, mapped](void*) { ::munmap(pages, mapped); }, at::kFloat);
}

}  // namespace nerbert
