#pragma once

#include <string>
#include <vector>

#include "batch.h"
#include "engine.h"
#include "napi_setup.h"

namespace nerbert {

// Between JavaScript values and the plain structs of the torch side. Reading throws a TypeError that names
// the field where a value has the wrong type; what values mean is checked by TypeScript before and by the
// engine after.
EngineOptions to_engine_options(const Napi::Object& value);
DropoutRates to_dropout_rates(const Napi::Object& value);
AdamOptions to_adam_options(const Napi::Object& value);
HostBatch to_host_batch(const Napi::Object& value);
StepRequest to_step_request(const Napi::Object& value);
std::vector<TensorLocation> to_tensor_locations(const Napi::Array& value);
MomentLocations to_moment_locations(const Napi::Object& value);
std::vector<std::string> to_strings(const Napi::Array& value);

Napi::Value from_floats(Napi::Env env, const std::vector<float>& values);
Napi::Value from_step_result(Napi::Env env, const StepResult& result);
Napi::Value from_forward_result(Napi::Env env, const ForwardResult& result);
Napi::Value from_label_predictions(Napi::Env env, const LabelPredictions& result);
// [{ name, shape }]
Napi::Value from_layout(Napi::Env env, const ParameterLayout& layout);

}  // namespace nerbert
