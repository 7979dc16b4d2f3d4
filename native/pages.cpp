#include "pages.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>
#include <sys/mman.h>

#include <functional>
#include <memory>
#include <new>
#include <utility>

namespace nerbert {
namespace {

constexpr size_t kHugePage = size_t{1} << 21;

}  // namespace

Pages::Pages(size_t bytes)
    // Room to begin at a huge page; what is never used takes no memory.
    : size_(bytes), mapped_(bytes + kHugePage) {
  mapping_ = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapping_ == MAP_FAILED) throw std::bad_alloc();
  const auto address = reinterpret_cast<uintptr_t>(mapping_);
  data_ = reinterpret_cast<std::byte*>((address + kHugePage - 1) / kHugePage * kHugePage);
  ::madvise(data_, size_, MADV_HUGEPAGE);  // advice only: ordinary pages do as well
}

Pages::~Pages() {
  if (data_) ::munmap(mapping_, mapped_);
}

Pages::Pages(Pages&& other) noexcept {
  *this = std::move(other);
}

Pages& Pages::operator=(Pages&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(mapping_, other.mapping_);
  std::swap(mapped_, other.mapped_);
  return *this;
}

bool Pages::hold(const void* address) const {
  const auto* byte = static_cast<const std::byte*>(address);
  const std::less<> before;
  return data_ && !before(byte, data_) && before(byte, data_ + size_);
}

at::Tensor zeros_on(at::Device device, int64_t elements) {
  const size_t size = static_cast<size_t>(elements) * sizeof(float);
  if (!device.is_cpu() || size < 2 * kHugePage) {
    return at::zeros({elements}, at::TensorOptions().dtype(at::kFloat).device(device));
  }
  const auto pages = std::make_shared<Pages>(size);
  return at::from_blob(
      pages->data(), {elements}, [pages](void*) {}, at::kFloat);
}

}  // namespace nerbert
