#include "session.h"

#include "convert.h"

namespace nerbert {
namespace {

Engine& engine_of(const std::shared_ptr<EngineSlot>& slot) {
  if (!slot->engine)
    throw Error(kDisposedError, "Expected an open session, but this one was disposed or not opened");
  return *slot->engine;
}

Napi::Object object_argument(const Napi::CallbackInfo& info, size_t index) {
  if (!info[index].IsObject()) throw Napi::TypeError::New(info.Env(), "Expected an object as argument");
  return info[index].As<Napi::Object>();
}

Napi::Array array_argument(const Napi::CallbackInfo& info, size_t index) {
  if (!info[index].IsArray()) throw Napi::TypeError::New(info.Env(), "Expected an array as argument");
  return info[index].As<Napi::Array>();
}

}  // namespace

Napi::Function Session::define(Napi::Env env) {
  return DefineClass(env, "Session",
                     {InstanceMethod<&Session::open>("open"),
                      InstanceMethod<&Session::parameters>("parameters"),
                      InstanceMethod<&Session::load>("load"),
                      InstanceMethod<&Session::initialise>("initialise"),
                      InstanceMethod<&Session::save>("save"),
                      InstanceMethod<&Session::set_matrix_path>("setMatrixPath"),
                      InstanceMethod<&Session::forward>("forward"),
                      InstanceMethod<&Session::predict_labelled>("predictLabelled"),
                      InstanceMethod<&Session::create_optimizer>("createOptimizer"),
                      InstanceMethod<&Session::drop_optimizer>("dropOptimizer"),
                      InstanceMethod<&Session::save_optimizer>("saveOptimizer"),
                      InstanceMethod<&Session::load_optimizer>("loadOptimizer"),
                      InstanceMethod<&Session::train_step>("trainStep"),
                      InstanceMethod<&Session::set_dropout>("setDropout"),
                      InstanceMethod<&Session::take_snapshot>("takeSnapshot"),
                      InstanceMethod<&Session::restore_snapshot>("restoreSnapshot"),
                      InstanceMethod<&Session::drop_snapshot>("dropSnapshot"),
                      InstanceMethod<&Session::read_parameter>("readParameter"),
                      InstanceMethod<&Session::read_gradient>("readGradient"),
                      InstanceMethod<&Session::dispose>("dispose")});
}

Session::Session(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Session>(info),
      courier_(info.Env().GetInstanceData<AddonData>()->courier),
      options_(to_engine_options(object_argument(info, 0))) {}

// A session that was collected undisposed frees its engine like a disposed one, on the executor's thread.
void Session::Finalize(Napi::BasicEnv env) {
  account_memory(env, 0);
  courier_->post([slot = std::move(slot_)](const StopFlag&) { slot->engine.reset(); });
}

// Tells the garbage collector how much memory a session holds outside its heap.
void Session::account_memory(Napi::BasicEnv env, int64_t bytes) {
  Napi::MemoryManagement::AdjustExternalMemory(env, bytes - accounted_bytes_);
  accounted_bytes_ = bytes;
}

Napi::Value Session::open(const Napi::CallbackInfo& info) {
  account_memory(info.Env(), parameter_bytes(options_.geometry));
  return courier_->dispatch(info.Env(), [slot = slot_, options = options_](const StopFlag& stop) {
    slot->engine.emplace(options, stop);
  });
}

Napi::Value Session::parameters(const Napi::CallbackInfo& info) {
  return from_layout(info.Env(), ParameterLayout(options_.geometry));
}

Napi::Value Session::set_matrix_path(const Napi::CallbackInfo& info) {
  return courier_->dispatch(info.Env(), [slot = slot_, path = parse_matrix_path(info[0].ToString())](
                                            const StopFlag&) { engine_of(slot).set_matrix_path(path); });
}

Napi::Value Session::load(const Napi::CallbackInfo& info) {
  return courier_->dispatch(
      info.Env(), [slot = slot_, locations = to_tensor_locations(array_argument(info, 0))](const StopFlag&) {
        engine_of(slot).load(locations);
      });
}

Napi::Value Session::initialise(const Napi::CallbackInfo& info) {
  return courier_->dispatch(info.Env(), [slot = slot_, names = to_strings(array_argument(info, 0)),
                                         deviation = info[1].ToNumber().DoubleValue()](const StopFlag&) {
    engine_of(slot).initialise(names, deviation);
  });
}

Napi::Value Session::save(const Napi::CallbackInfo& info) {
  return courier_->dispatch(
      info.Env(), [slot = slot_, locations = to_tensor_locations(array_argument(info, 0))](const StopFlag&) {
        engine_of(slot).save(locations);
      });
}

Napi::Value Session::forward(const Napi::CallbackInfo& info) {
  return courier_->dispatch<ForwardResult>(
      info.Env(),
      [slot = slot_, batch = to_host_batch(object_argument(info, 0)),
       with_hidden_states = info[1].ToBoolean().Value()](const StopFlag&) {
        return engine_of(slot).forward(batch, with_hidden_states);
      },
      from_forward_result);
}

Napi::Value Session::predict_labelled(const Napi::CallbackInfo& info) {
  return courier_->dispatch<LabelPredictions>(
      info.Env(),
      [slot = slot_, batch = to_host_batch(object_argument(info, 0))](const StopFlag&) {
        return engine_of(slot).predict_labelled(batch);
      },
      from_label_predictions);
}

Napi::Value Session::create_optimizer(const Napi::CallbackInfo& info) {
  return courier_->dispatch(info.Env(),
                            [slot = slot_, id = info[0].ToNumber().Int64Value(),
                             options = to_adam_options(object_argument(info, 1))](const StopFlag&) {
                              engine_of(slot).create_optimizer(id, options);
                            });
}

Napi::Value Session::drop_optimizer(const Napi::CallbackInfo& info) {
  return courier_->dispatch(info.Env(),
                            [slot = slot_, id = info[0].ToNumber().Int64Value()](const StopFlag&) {
                              if (slot->engine) slot->engine->drop_optimizer(id);
                            });
}

Napi::Value Session::save_optimizer(const Napi::CallbackInfo& info) {
  return courier_->dispatch<int64_t>(
      info.Env(),
      [slot = slot_, id = info[0].ToNumber().Int64Value(),
       locations = to_moment_locations(object_argument(info, 1))](const StopFlag&) {
        return engine_of(slot).save_optimizer(id, locations);
      },
      [](Napi::Env env, int64_t& updates) { return Napi::Number::New(env, static_cast<double>(updates)); });
}

Napi::Value Session::load_optimizer(const Napi::CallbackInfo& info) {
  return courier_->dispatch(info.Env(), [slot = slot_, id = info[0].ToNumber().Int64Value(),
                                         locations = to_moment_locations(object_argument(info, 1)),
                                         updates = info[2].ToNumber().Int64Value()](const StopFlag&) {
    engine_of(slot).load_optimizer(id, locations, updates);
  });
}

Napi::Value Session::train_step(const Napi::CallbackInfo& info) {
  return courier_->dispatch<StepResult>(
      info.Env(),
      [slot = slot_, request = to_step_request(object_argument(info, 0))](const StopFlag&) {
        return engine_of(slot).train_step(request);
      },
      from_step_result);
}

Napi::Value Session::set_dropout(const Napi::CallbackInfo& info) {
  return courier_->dispatch(info.Env(), [slot = slot_, rates = to_dropout_rates(object_argument(info, 0))](
                                            const StopFlag&) { engine_of(slot).set_dropout(rates); });
}

Napi::Value Session::take_snapshot(const Napi::CallbackInfo& info) {
  std::optional<int64_t> optimizer;
  if (info[1].IsNumber()) optimizer = info[1].ToNumber().Int64Value();
  return courier_->dispatch(info.Env(),
                            [slot = slot_, id = info[0].ToNumber().Int64Value(), optimizer](const StopFlag&) {
                              engine_of(slot).take_snapshot(id, optimizer);
                            });
}

Napi::Value Session::restore_snapshot(const Napi::CallbackInfo& info) {
  return courier_->dispatch(info.Env(), [slot = slot_, id = info[0].ToNumber().Int64Value()](
                                            const StopFlag&) { engine_of(slot).restore_snapshot(id); });
}

Napi::Value Session::drop_snapshot(const Napi::CallbackInfo& info) {
  return courier_->dispatch(info.Env(),
                            [slot = slot_, id = info[0].ToNumber().Int64Value()](const StopFlag&) {
                              if (slot->engine) slot->engine->drop_snapshot(id);
                            });
}

Napi::Value Session::read_parameter(const Napi::CallbackInfo& info) {
  return courier_->dispatch<std::vector<float>>(
      info.Env(),
      [slot = slot_, name = info[0].ToString().Utf8Value()](const StopFlag&) {
        return engine_of(slot).read_parameter(name);
      },
      from_floats);
}

Napi::Value Session::read_gradient(const Napi::CallbackInfo& info) {
  return courier_->dispatch<std::vector<float>>(
      info.Env(),
      [slot = slot_, name = info[0].ToString().Utf8Value()](const StopFlag&) {
        return engine_of(slot).read_gradient(name);
      },
      from_floats);
}

Napi::Value Session::dispose(const Napi::CallbackInfo& info) {
  account_memory(info.Env(), 0);
  return courier_->dispatch(info.Env(), [slot = slot_](const StopFlag&) { slot->engine.reset(); });
}

}  // namespace nerbert
