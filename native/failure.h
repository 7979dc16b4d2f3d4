#pragma once

#include <stdexcept>
#include <string>

namespace nerbert {

// What went wrong, as plain data that may cross threads. `code` becomes the `code` of the JavaScript error.
struct Failure {
  std::string code;
  std::string message;
};

// An error raised by nerbert's own native code; everything else that is thrown comes from libtorch or the
// system.
class Error : public std::runtime_error {
 public:
  Error(std::string code, const std::string& message) : std::runtime_error(message), code_(std::move(code)) {}
  const std::string& code() const { return code_; }

 private:
  std::string code_;
};

inline constexpr const char* kBatchError = "ERR_BATCH";
inline constexpr const char* kDeviceError = "ERR_DEVICE";
inline constexpr const char* kDisposedError = "ERR_DISPOSED";
inline constexpr const char* kIoError = "ERR_IO";
inline constexpr const char* kOutOfMemoryError = "ERR_OUT_OF_MEMORY";
inline constexpr const char* kStoppedError = "ERR_STOPPED";
inline constexpr const char* kTorchError = "ERR_TORCH";

// Describes the exception being handled; to be called in a catch block only.
Failure describe_current_exception() noexcept;

}  // namespace nerbert
