#pragma once

#include <cstddef>
#include <vector>

#include "pages.h"

namespace nerbert {

// Memory for the tensors of one micro-batch: while a Scope lives, every CPU tensor that a thread makes in a
// Use is laid behind the last one, and freed with the scope. So batches of ever other sizes share one block,
// which has grown to the largest of them after some steps: nothing is allocated then, and the C library's
// heap gets no holes. Tensors must not outlive their frame.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  class Scope {
   public:
    explicit Scope(Arena& arena);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Arena& arena_;
  };

  // Within a scope: this thread's tensors lie in the arena. One thread at a time.
  class Use {
   public:
    explicit Use(Arena& arena);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    Arena* before_;
  };

  // What this thread's use has made since the frame began is freed with it; frames nest, and may outlive the
  // use. Does nothing outside of one.
  class Frame {
   public:
    Frame();
    ~Frame();
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;

   private:
    Arena* arena_;
    size_t used_;
    size_t overflow_;
  };

  // Called by the allocator.
  void* take(size_t bytes);
  bool owns(const void* memory) const;

 private:
  void begin();
  void end();

  Pages block_;
  size_t used_ = 0;              // of block_, and what was asked for beyond it
  size_t highest_ = 0;           // of used_ in this scope
  std::vector<Pages> overflow_;  // what block_ had no room for, until its frame or the scope ends
};

}  // namespace nerbert
