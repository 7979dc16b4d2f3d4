// Opens libtorch's libraries by path before the addon that needs them, so that a missing one is named. Links
// no torch itself.
#include <dlfcn.h>
#include <napi.h>

#include <cstdint>

namespace {

// open(path): loads a shared library for the rest of the process; its symbols serve the libraries opened
// after it. Throws with the dynamic linker's words, which name what is missing.
void Open(const Napi::CallbackInfo& info) {
  const std::string path = info[0].As<Napi::String>();
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    throw Napi::Error::New(info.Env(), dlerror());
  }
}

// isOpen(soname): whether the process already has a library of that name.
Napi::Value IsOpen(const Napi::CallbackInfo& info) {
  const std::string soname = info[0].As<Napi::String>();
  void* handle = dlopen(soname.c_str(), RTLD_LAZY | RTLD_NOLOAD | RTLD_GLOBAL);
  if (handle != nullptr) dlclose(handle);
  return Napi::Boolean::New(info.Env(), handle != nullptr);
}

// torchVersion(): [major, minor, patch] as the opened libtorch_cpu itself says, or undefined before it is
// open.
Napi::Value TorchVersion(const Napi::CallbackInfo& info) {
  auto* abi_version = reinterpret_cast<uint64_t (*)()>(dlsym(RTLD_DEFAULT, "aoti_torch_abi_version"));
  if (abi_version == nullptr) return info.Env().Undefined();
  const uint64_t version = abi_version();  // one byte each: major, minor, patch, then five of a tag
  auto result = Napi::Array::New(info.Env(), 3);
  for (uint32_t i = 0; i < 3; ++i) {
    result[i] = Napi::Number::New(info.Env(), static_cast<double>((version >> (56 - 8 * i)) & 0xff));
  }
  return result;
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports["open"] = Napi::Function::New(env, Open, "open");
  exports["isOpen"] = Napi::Function::New(env, IsOpen, "isOpen");
  exports["torchVersion"] = Napi::Function::New(env, TorchVersion, "torchVersion");
  return exports;
}

}  // namespace

NODE_API_MODULE(nerbert_loader, Init)
