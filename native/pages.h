#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>

namespace nerbert {

// Fresh pages of the system: zero without being written to, taking memory when they are first used, and given
// back at once. Begins at a huge page, and has such pages where the system lends them.
class Pages {
 public:
  Pages() = default;
  explicit Pages(size_t bytes);  // throws std::bad_alloc
  ~Pages();
  Pages(Pages&& other) noexcept;
  Pages& operator=(Pages&& other) noexcept;

  std::byte* data() const { return data_; }
  size_t size() const { return size_; }
  bool hold(const void* address) const;

 private:
  std::byte* data_ = nullptr;
  size_t size_ = 0;
  void* mapping_ = nullptr;
  size_t mapped_ = 0;
};

// Float32 zeros (elements) on a device; many of them on the CPU lie in pages of their own.
at::Tensor zeros_on(at::Device device, int64_t elements);

}  // namespace nerbert
