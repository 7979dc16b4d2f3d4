#pragma once

#include <memory>
#include <optional>

#include "courier.h"
#include "engine.h"
#include "napi_setup.h"

namespace nerbert {

// The engine of a session; touched by the executor's thread alone. Empty before open() and after dispose().
struct EngineSlot {
  std::optional<Engine> engine;
};

// The JavaScript face of an engine. Every method copies its arguments, posts a job and answers with a
// promise; jobs of all sessions run in the order of the calls.
class Session : public Napi::ObjectWrap<Session> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Session(const Napi::CallbackInfo& info);
  void Finalize(Napi::BasicEnv env) override;

 private:
  Napi::Value open(const Napi::CallbackInfo& info);
  Napi::Value parameters(const Napi::CallbackInfo& info);
  Napi::Value set_matrix_path(const Napi::CallbackInfo& info);
  Napi::Value load(const Napi::CallbackInfo& info);
  Napi::Value initialise(const Napi::CallbackInfo& info);
  Napi::Value save(const Napi::CallbackInfo& info);
  Napi::Value forward(const Napi::CallbackInfo& info);
  Napi::Value predict_labelled(const Napi::CallbackInfo& info);
  Napi::Value create_optimizer(const Napi::CallbackInfo& info);
  Napi::Value drop_optimizer(const Napi::CallbackInfo& info);
  Napi::Value save_optimizer(const Napi::CallbackInfo& info);
  Napi::Value load_optimizer(const Napi::CallbackInfo& info);
  Napi::Value train_step(const Napi::CallbackInfo& info);
  Napi::Value set_dropout(const Napi::CallbackInfo& info);
  Napi::Value take_snapshot(const Napi::CallbackInfo& info);
  Napi::Value restore_snapshot(const Napi::CallbackInfo& info);
  Napi::Value drop_snapshot(const Napi::CallbackInfo& info);
  Napi::Value read_parameter(const Napi::CallbackInfo& info);
  Napi::Value read_gradient(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);

  void account_memory(Napi::BasicEnv env, int64_t bytes);

  std::shared_ptr<Courier> courier_;
  std::shared_ptr<EngineSlot> slot_ = std::make_shared<EngineSlot>();
  EngineOptions options_;
  int64_t accounted_bytes_ = 0;
};

// Kept for each environment.
struct AddonData {
  std::shared_ptr<Courier> courier;
};

}  // namespace nerbert
