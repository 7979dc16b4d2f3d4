#include "convert.h"

#include <algorithm>

namespace nerbert {
namespace {

[[noreturn]] void wrong_type(const Napi::Object& object, const char* name, const char* expected) {
  throw Napi::TypeError::New(object.Env(), std::string("Expected ") + expected + " for " + name);
}

double to_number(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsNumber()) wrong_type(object, name, "a number");
  return value.As<Napi::Number>().DoubleValue();
}

int64_t to_integer(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsNumber()) wrong_type(object, name, "an integer");
  return value.As<Napi::Number>().Int64Value();
}

std::string to_string(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsString()) wrong_type(object, name, "a string");
  return value.As<Napi::String>().Utf8Value();
}

bool to_bool(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsBoolean()) wrong_type(object, name, "true or false");
  return value.As<Napi::Boolean>().Value();
}

Napi::Object to_object(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsObject()) wrong_type(object, name, "an object");
  return value.As<Napi::Object>();
}

Napi::Object element(const Napi::Array& array, uint32_t index) {
  const Napi::Value value = array.Get(index);
  if (!value.IsObject()) throw Napi::TypeError::New(array.Env(), "Expected an array of objects");
  return value.As<Napi::Object>();
}

// The bytes are copied at once: the caller may reuse the array after the call.
std::vector<int32_t> to_integers(const Napi::Object& object, const char* name, bool optional) {
  const Napi::Value value = object.Get(name);
  if (optional && value.IsUndefined()) return {};
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array) {
    wrong_type(object, name, "an Int32Array");
  }
  const auto array = value.As<Napi::Int32Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

Activation to_activation(const Napi::Object& object, const char* name) {
  const std::string value = to_string(object, name);
  if (value == "gelu") return Activation::kGelu;
  if (value == "gelu_new") return Activation::kGeluTanh;
  if (value == "relu") return Activation::kRelu;
  wrong_type(object, name, "gelu, gelu_new or relu");
}

at::ScalarType to_scalar_type(const Napi::Object& object, const char* name) {
  const std::string value = to_string(object, name);
  if (value == "float32") return at::kFloat;
  if (value == "float16") return at::kHalf;
  if (value == "bfloat16") return at::kBFloat16;
  if (value == "float64") return at::kDouble;
  wrong_type(object, name, "float64, float32, float16 or bfloat16");
}

std::vector<int64_t> to_strides(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (value.IsUndefined()) return {};
  if (!value.IsArray()) wrong_type(object, name, "an array");
  const auto array = value.As<Napi::Array>();
  std::vector<int64_t> strides;
  for (uint32_t i = 0; i < array.Length(); i++)
    strides.push_back(Napi::Value(array.Get(i)).ToNumber().Int64Value());
  return strides;
}

Geometry to_geometry(const Napi::Object& value) {
  return {to_integer(value, "vocabSize"),        to_integer(value, "hiddenSize"),
          to_integer(value, "numHiddenLayers"),  to_integer(value, "numAttentionHeads"),
          to_integer(value, "intermediateSize"), to_integer(value, "maxPositionEmbeddings"),
          to_integer(value, "typeVocabSize"),    to_integer(value, "numLabels"),
          to_integer(value, "padTokenId"),       to_activation(value, "hiddenAct"),
          to_number(value, "layerNormEps")};
}

}  // namespace

DropoutRates to_dropout_rates(const Napi::Object& value) {
  return {to_number(value, "hidden"), to_number(value, "attention"), to_number(value, "classifier")};
}

EngineOptions to_engine_options(const Napi::Object& value) {
  std::vector<float> class_weights;
  if (const Napi::Value weights = value.Get("classWeights"); !weights.IsUndefined()) {
    if (!weights.IsTypedArray() || weights.As<Napi::TypedArray>().TypedArrayType() != napi_float32_array) {
      wrong_type(value, "classWeights", "a Float32Array");
    }
    const auto array = weights.As<Napi::Float32Array>();
    class_weights.assign(array.Data(), array.Data() + array.ElementLength());
  }
  return {to_geometry(to_object(value, "geometry")),
          to_string(value, "device"),
          to_bool(value, "bfloat16"),
          to_dropout_rates(to_object(value, "dropout")),
          static_cast<uint64_t>(to_integer(value, "seed")),
          std::move(class_weights),
          to_integer(value, "frozen"),
          to_bool(value, "gradientCheckpointing"),
          parse_matrix_path(to_string(value, "matrixPath")),
          to_bool(value, "fused")};
}

AdamOptions to_adam_options(const Napi::Object& value) {
  return {to_bool(value, "decoupled"), to_number(value, "weightDecay"), to_number(value, "beta1"),
          to_number(value, "beta2"),   to_number(value, "eps"),         to_number(value, "layerwiseDecay")};
}

HostBatch to_host_batch(const Napi::Object& value) {
  return {to_integers(value, "inputIds", false),
          to_integers(value, "tokenTypeIds", true),
          to_integers(value, "labels", true),
          to_integers(value, "boundaries", false),
          {}};
}

StepRequest to_step_request(const Napi::Object& value) {
  StepRequest request;
  const Napi::Value batches = value.Get("batches");
  if (!batches.IsArray()) wrong_type(value, "batches", "an array");
  const auto array = batches.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); i++) request.batches.push_back(to_host_batch(element(array, i)));
  request.optimizer = to_integer(value, "optimizer");
  request.learning_rate = to_number(value, "learningRate");
  if (!value.Get("clipping").IsUndefined()) request.clipping = to_number(value, "clipping");
  request.reduction = to_bool(value, "tokenMean") ? LossReduction::kTokenMean : LossReduction::kBatchMean;
  if (!value.Get("lossScale").IsUndefined()) request.loss_scale = to_number(value, "lossScale");
  request.separate = to_bool(value, "separate");
  request.step = static_cast<uint32_t>(to_integer(value, "step"));
  return request;
}

std::vector<TensorLocation> to_tensor_locations(const Napi::Array& value) {
  std::vector<TensorLocation> locations;
  for (uint32_t i = 0; i < value.Length(); i++) {
    const Napi::Object location = element(value, i);
    locations.push_back({to_string(location, "parameter"), to_string(location, "file"),
                         to_integer(location, "offset"), to_scalar_type(location, "dtype"),
                         to_strides(location, "strides")});
  }
  return locations;
}

MomentLocations to_moment_locations(const Napi::Object& value) {
  const auto locations = [&](const char* field) {
    const Napi::Value list = value.Get(field);
    if (!list.IsArray()) wrong_type(value, field, "an array");
    return to_tensor_locations(list.As<Napi::Array>());
  };
  return {locations("first"), locations("second")};
}

std::vector<std::string> to_strings(const Napi::Array& value) {
  std::vector<std::string> strings;
  for (uint32_t i = 0; i < value.Length(); i++)
    strings.push_back(Napi::Value(value.Get(i)).ToString().Utf8Value());
  return strings;
}

Napi::Value from_floats(Napi::Env env, const std::vector<float>& values) {
  auto array = Napi::Float32Array::New(env, values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

Napi::Value from_step_result(Napi::Env env, const StepResult& result) {
  const auto losses = Napi::Array::New(env, result.losses.size());
  for (size_t i = 0; i < result.losses.size(); i++) losses.Set(static_cast<uint32_t>(i), result.losses[i]);
  const auto object = Napi::Object::New(env);
  object.Set("losses", losses);
  object.Set("gradNorm", result.gradient_norm);
  return object;
}

Napi::Value from_forward_result(Napi::Env env, const ForwardResult& result) {
  const auto object = Napi::Object::New(env);
  object.Set("logits", from_floats(env, result.logits));
  object.Set("lossSum", result.loss.loss);
  object.Set("lossWeight", result.loss.weight);
  const auto states = Napi::Array::New(env, result.hidden_states.size());
  for (size_t i = 0; i < result.hidden_states.size(); i++) {
    states.Set(static_cast<uint32_t>(i), from_floats(env, result.hidden_states[i]));
  }
  object.Set("hiddenStates", states);
  return object;
}

Napi::Value from_label_predictions(Napi::Env env, const LabelPredictions& result) {
  auto predictions = Napi::Int32Array::New(env, result.labels.size());
  std::copy(result.labels.begin(), result.labels.end(), predictions.Data());
  const auto object = Napi::Object::New(env);
  object.Set("predictions", predictions);
  object.Set("lossSum", result.loss.loss);
  object.Set("lossWeight", result.loss.weight);
  return object;
}

Napi::Value from_layout(Napi::Env env, const ParameterLayout& layout) {
  const auto parameters = Napi::Array::New(env, layout.specs().size());
  for (size_t i = 0; i < layout.specs().size(); i++) {
    const ParameterSpec& spec = layout.specs()[i];
    const auto shape = Napi::Array::New(env, spec.shape.size());
    for (size_t d = 0; d < spec.shape.size(); d++) {
      shape.Set(static_cast<uint32_t>(d), static_cast<double>(spec.shape[d]));
    }
    const auto parameter = Napi::Object::New(env);
    parameter.Set("name", spec.name);
    parameter.Set("shape", shape);
    parameters.Set(static_cast<uint32_t>(i), parameter);
  }
  return parameters;
}

}  // namespace nerbert
