#pragma once

#include <any>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "executor.h"
#include "failure.h"
#include "napi_setup.h"

namespace nerbert {

// Carries work to the executor's thread of an environment and results back to its JavaScript thread.
//
// Rules, each of which keeps a crash away:
// 1. Promises and every other Napi object stay on the JavaScript thread, in `pending_`; the executor sees
//    plain data.
// 2. Results return through one thread-safe function. It keeps the process alive only while a promise
//    is owed.
// 3. The clean-up hook is added after that function was made, so it runs before the function's own: the
//    executor is joined, and nobody calls the function, when the function goes.
// 4. Each call of that function settles one promise. Node runs what awaits it before the next call, so
//    callers see their jobs end in the order of the calls, however many awaits stand between.
// 5. The executor is joined before exit handlers of the C library run: they destroy what libtorch computes
//    with.
class Courier {
 public:
  static std::shared_ptr<Courier> create(Napi::Env env);
  ~Courier();

  // Runs `work` on the executor; its result, converted on the JavaScript thread, settles the promise.
  template <class Result>
  Napi::Promise dispatch(Napi::Env env, std::function<Result(const StopFlag&)> work,
                         std::function<Napi::Value(Napi::Env, Result&)> convert) {
    return enqueue(
        env,
        [work = std::move(work)](const StopFlag& stop) {
          return std::any(std::make_shared<Result>(work(stop)));
        },
        [convert = std::move(convert)](Napi::Env env, std::any& result) {
          return convert(env, *std::any_cast<std::shared_ptr<Result>&>(result));
        });
  }

  // The same for work without a result.
  Napi::Promise dispatch(Napi::Env env, std::function<void(const StopFlag&)> work);

  // Posts work that nobody waits for.
  void post(Executor::Job job);

 private:
  struct Outcome {
    uint64_t id;
    std::any result;
    std::optional<Failure> failure;
  };
  struct Pending {
    Napi::Promise::Deferred deferred;
    std::function<Napi::Value(Napi::Env, std::any&)> convert;
  };

  Courier() = default;
  Napi::Promise enqueue(Napi::Env env, std::function<std::any(const StopFlag&)> work,
                        std::function<Napi::Value(Napi::Env, std::any&)> convert);
  void deliver(Outcome outcome);    // on the executor's thread
  void settle_next(Napi::Env env);  // on the JavaScript thread
  void shut_down();  // on the JavaScript thread, when the environment or the process ends; idempotent

  std::unique_ptr<Executor> executor_;
  Napi::ThreadSafeFunction wake_;
  std::unordered_map<uint64_t, Pending> pending_;
  uint64_t next_id_ = 0;
  std::mutex mutex_;  // guards outcomes_
  std::deque<Outcome> outcomes_;
};

}  // namespace nerbert
