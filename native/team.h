#pragma once

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <cstdint>
#include <deque>

#include "arena.h"

namespace nerbert {

// Threads that work side by side, each on its share of a batch and in an arena of its own; what they make
// lasts as long as the team. A team of one has all threads for each of its products.
class Team {
 public:
  // Adds what is missing to `arenas`.
  Team(std::deque<Arena>& arenas, size_t size) {
    while (arenas.size() < size) arenas.emplace_back();
    for (size_t i = 0; i < size; i++) members_.emplace_back(arenas[i]);
  }

  size_t size() const { return members_.size(); }

  // work(member) of all members; returns when all are done.
  template <class Work>
  void each(const Work& work) {
    at::parallel_for(0, static_cast<int64_t>(size()), 1, [&](int64_t begin, int64_t end) {
      const c10::InferenceMode without_autograd;
      for (int64_t i = begin; i < end; i++) {
        const Arena::Use use(members_[i].arena);
        work(static_cast<size_t>(i));
      }
    });
  }

 private:
  struct Member {
    explicit Member(Arena& arena) : arena(arena), scope(arena) {}
    Arena& arena;
    Arena::Scope scope;
  };
  std::deque<Member> members_;
};

}  // namespace nerbert
