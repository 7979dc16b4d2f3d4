#include "courier.h"

namespace nerbert {
namespace {

Napi::Value to_error(Napi::Env env, const Failure& failure) {
  Napi::Error error = Napi::Error::New(env, failure.message);
  error.Set("code", Napi::String::New(env, failure.code));
  return error.Value();
}

// process.exit() runs no clean-up hooks; what it does run is the C library's exit handlers, which take
// libtorch apart. Before that it emits 'exit'. Listeners may call process.exit() again, which skips those
// behind: hence the first place.
void before_exit(Napi::Env env, std::function<void()> action) {
  const auto process = env.Global().Get("process").As<Napi::Object>();
  const auto listener =
      Napi::Function::New(env, [action = std::move(action)](const Napi::CallbackInfo&) { action(); });
  process.Get("prependListener")
      .As<Napi::Function>()
      .Call(process, {Napi::String::New(env, "exit"), listener});
}

}  // namespace

std::shared_ptr<Courier> Courier::create(Napi::Env env) {
  std::shared_ptr<Courier> courier(new Courier);
  courier->wake_ = Napi::ThreadSafeFunction::New(
      env, Napi::Function::New(env, [](const Napi::CallbackInfo&) {}), "nerbert", 0, 1);
  courier->wake_.Unref(env);
  courier->executor_ = std::make_unique<Executor>();
  // The environment keeps the courier until its clean-up.
  env.AddCleanupHook([courier]() { courier->shut_down(); });
  before_exit(env, [courier]() { courier->shut_down(); });
  return courier;
}

Courier::~Courier() = default;

void Courier::shut_down() {
  executor_->stop();
  pending_.clear();
  outcomes_.clear();
}

Napi::Promise Courier::dispatch(Napi::Env env, std::function<void(const StopFlag&)> work) {
  return enqueue(
      env,
      [work = std::move(work)](const StopFlag& stop) {
        work(stop);
        return std::any();
      },
      [](Napi::Env env, std::any&) { return env.Undefined(); });
}

void Courier::post(Executor::Job job) {
  executor_->post(std::move(job));
}

Napi::Promise Courier::enqueue(Napi::Env env, std::function<std::any(const StopFlag&)> work,
                               std::function<Napi::Value(Napi::Env, std::any&)> convert) {
  const uint64_t id = next_id_++;
  const auto [entry, inserted] =
      pending_.emplace(id, Pending{Napi::Promise::Deferred::New(env), std::move(convert)});
  if (pending_.size() == 1) wake_.Ref(env);
  // The executor is joined before the courier dies, so the plain pointer is valid in the job.
  executor_->post([this, id, work = std::move(work)](const StopFlag& stop) {
    Outcome outcome{id, {}, std::nullopt};
    try {
      outcome.result = work(stop);
    } catch (...) {
      outcome.failure = describe_current_exception();
    }
    if (!stop.raised()) deliver(std::move(outcome));
  });
  return entry->second.deferred.Promise();
}

void Courier::deliver(Outcome outcome) {
  {
    std::lock_guard lock(mutex_);
    outcomes_.push_back(std::move(outcome));
  }
  wake_.NonBlockingCall([this](Napi::Env env, Napi::Function) { settle_next(env); });
}

void Courier::settle_next(Napi::Env env) {
  std::unique_lock lock(mutex_);
  if (outcomes_.empty()) return;
  Outcome outcome = std::move(outcomes_.front());
  outcomes_.pop_front();
  lock.unlock();

  auto entry = pending_.extract(outcome.id);
  if (entry.empty()) return;
  if (pending_.empty()) wake_.Unref(env);
  Pending& pending = entry.mapped();
  if (outcome.failure) {
    pending.deferred.Reject(to_error(env, *outcome.failure));
    return;
  }
  try {
    pending.deferred.Resolve(pending.convert(env, outcome.result));
  } catch (const Napi::Error& error) {
    pending.deferred.Reject(error.Value());
  }
}

}  // namespace nerbert
