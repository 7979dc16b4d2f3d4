#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace nerbert {

// Set once, when the environment goes away. Long jobs look at it between layers.
class StopFlag {
 public:
  void raise() { raised_.store(true, std::memory_order_relaxed); }
  bool raised() const { return raised_.load(std::memory_order_relaxed); }
  // Throws ERR_STOPPED where the flag is up.
  void check() const;

 private:
  std::atomic<bool> raised_{false};
};

// The one thread that calls libtorch for a Node environment: every job of every session, in the order of
// posting. A single caller keeps OpenMP at a single team of threads and libtorch's thread-local state in one
// place.
class Executor {
 public:
  using Job = std::function<void(const StopFlag&)>;

  Executor();
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Jobs must not throw. A job posted after stop() is dropped.
  void post(Job job);

  // Drops what is queued, asks the running job to stop, joins. Idempotent; from the thread that made the
  // executor.
  void stop();

 private:
  void run();

  StopFlag stop_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  std::thread thread_;
};

}  // namespace nerbert
