#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <dlfcn.h>
#include <torch/version.h>

#include "device.h"
#include "napi_setup.h"
#include "products.h"
#include "session.h"

namespace nerbert {
namespace {

// A worker that ends would unload the addon under threads and exit handlers that still know its code.
void keep_loaded() {
  Dl_info self;
  if (dladdr(reinterpret_cast<void*>(&keep_loaded), &self) != 0)
    dlopen(self.dli_fname, RTLD_LAZY | RTLD_NODELETE);
}

Napi::Value runtime_info(const Napi::CallbackInfo& info) {
  const auto object = Napi::Object::New(info.Env());
  object.Set("libtorch", TORCH_VERSION);
  object.Set("cpuCapability", at::get_cpu_capability());
  object.Set("threads", at::get_num_threads());
  const int devices = cuda_device_count();
  object.Set("cudaDevices", devices);
  const auto capabilities = Napi::Array::New(info.Env());
  for (int i = 0; i < devices; i++) capabilities.Set(static_cast<uint32_t>(i), cuda_capability(i));
  object.Set("cudaCapabilities", capabilities);
  return object;
}

// Resolves with a matrix path, such as "aten onednn aten"; a job among others, so that nothing computes
// beside it.
Napi::Value measure_matrix_path(const Napi::CallbackInfo& info) {
  return info.Env().GetInstanceData<AddonData>()->courier->dispatch<std::string>(
      info.Env(), [](const StopFlag&) { return to_string(nerbert::measure_matrix_path()); },
      [](Napi::Env env, std::string& path) { return Napi::String::New(env, path); });
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  keep_loaded();
  env.SetInstanceData(new AddonData{Courier::create(env)});
  exports.Set("Session", Session::define(env));
  exports.Set("runtimeInfo", Napi::Function::New(env, runtime_info, "runtimeInfo"));
  exports.Set("measureMatrixPath", Napi::Function::New(env, measure_matrix_path, "measureMatrixPath"));
  return exports;
}

}  // namespace
}  // namespace nerbert

static Napi::Object initialise_addon(Napi::Env env, Napi::Object exports) {
  return nerbert::initialise(env, exports);
}

NODE_API_MODULE(nerbert, initialise_addon)
