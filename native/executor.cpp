#include "executor.h"

#include <c10/core/InferenceMode.h>
#include <pthread.h>

#include "failure.h"

namespace nerbert {

void StopFlag::check() const {
  if (raised()) throw Error(kStoppedError, "The environment is shutting down; this work was stopped");
}

Executor::Executor() : thread_([this] { run(); }) {}

Executor::~Executor() {
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
