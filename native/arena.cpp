#include "arena.h"

#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace nerbert {
namespace {

constexpr size_t kAlignment = 64;  // of tensors: a vector, and a cache line

thread_local Arena* active = nullptr;

size_t rounded_up(size_t bytes, size_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

// Stands before libtorch's own allocator, which serves all threads that are in no scope.
class ArenaAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    if (!active) return c10::GetDefaultCPUAllocator()->allocate(bytes);
    void* memory = active->take(bytes);
    return {memory, memory, [](void*) {}, c10::Device(c10::DeviceType::CPU)};
  }

  // oneDNN's scratch memory comes and goes as plain pointers, within one operation.
  c10::DeleterFnPtr raw_deleter() const override {
    return [](void* memory) {
      if (!active || !active->owns(memory)) c10::GetDefaultCPUAllocator()->raw_deallocate(memory);
    };
  }

  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }
};

void install_allocator() {
  // Never destroyed: tensors may be freed until the process has ended.
  static const bool installed = [] {
    c10::SetCPUAllocator(new ArenaAllocator, /*priority=*/255);
    return true;
  }();
  static_cast<void>(installed);
}

}  // namespace

void* Arena::take(size_t bytes) {
  const size_t size = rounded_up(bytes == 0 ? 1 : bytes, kAlignment);
  const size_t begin = used_;
  used_ += size;
  if (used_ > highest_) highest_ = used_;
  if (used_ <= block_.size()) return block_.data() + begin;
  overflow_.emplace_back(size);
  return overflow_.back().data();
}

bool Arena::owns(const void* memory) const {
  return block_.hold(memory) || std::any_of(overflow_.begin(), overflow_.end(),
                                            [&](const Pages& pages) { return pages.hold(memory); });
}

void Arena::begin() {
  install_allocator();
  used_ = highest_ = 0;
}

void Arena::end() {
  overflow_.clear();
  if (highest_ <= block_.size()) return;
  block_ = {};  // first: both at once would be the most memory of all
  try {
    block_ = Pages(highest_);
  } catch (const std::bad_alloc&) {
    // Without a block everything overflows, and says so where that fails too.
  }
}

Arena::Scope::Scope(Arena& arena) : arena_(arena) {
  arena_.begin();
}

Arena::Scope::~Scope() {
  arena_.end();
}

Arena::Use::Use(Arena& arena) : before_(active) {
  active = &arena;
}

Arena::Use::~Use() {
  active = before_;
}

Arena::Frame::Frame()
    : arena_(active), used_(active ? active->used_ : 0), overflow_(active ? active->overflow_.size() : 0) {}

Arena::Frame::~Frame() {
  if (!arena_) return;
  arena_->used_ = used_;
  arena_->overflow_.resize(overflow_);
}

}  // namespace nerbert
