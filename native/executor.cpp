#include "executor.h"

#include <c10/core/InferenceMode.h>
#include <pthread.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "failure.h"

namespace nerbert {
namespace {

// process.exit() runs no environment clean-up hooks but does run the C library's exit handlers, and with them
// libtorch's static destructors. A job still running then would use freed state, so executors stop before that:
// this handler is registered after libtorch was loaded and therefore runs before its destructors.
struct LiveExecutors {
  std::mutex mutex;
  std::vector<Executor*> all;
};

LiveExecutors& live_executors() {
  static auto* live = [] {
    auto* created = new LiveExecutors;  // never freed: it must outlive every static destructor
    std::atexit([] {
      std::vector<Executor*> all;
      {
        std::lock_guard lock(live_executors().mutex);
        all = live_executors().all;
      }
      for (auto* executor : all) executor->stop();
    });
    return created;
  }();
  return *live;
}

}  // namespace

void StopFlag::check() const {
  if (raised()) throw Error(kStoppedError, "The environment is shutting down; this work was stopped");
}

Executor::Executor() : thread_([this] { run(); }) {
  auto& live = live_executors();
  std::lock_guard lock(live.mutex);
  live.all.push_back(this);
}

Executor::~Executor() {
  {
    auto& live = live_executors();
    std::lock_guard lock(live.mutex);
    live.all.erase(std::remove(live.all.begin(), live.all.end(), this), live.all.end());
  }
  stop();
}

void Executor::post(Job job) {
  {
    std::lock_guard lock(mutex_);
    if (stop_.raised()) return;
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void Executor::stop() {
  {
    std::lock_guard lock(mutex_);
    stop_.raise();
  }
  wake_.notify_one();
  std::lock_guard lock(joining_);
  if (thread_.joinable()) thread_.join();
}

void Executor::run() {
  pthread_setname_np(pthread_self(), "nerbert");
  c10::InferenceMode without_autograd;
  while (true) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stop_.raised() || !jobs_.empty(); });
      if (stop_.raised()) {
        // What the dropped jobs own (engines, tensors) is freed here, on the thread that made it.
        std::deque<Job> dropped;
        dropped.swap(jobs_);
        lock.unlock();
        return;
      }
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job(stop_);
  }
}

}  // namespace nerbert
