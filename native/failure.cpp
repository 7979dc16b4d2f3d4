#include "failure.h"

#include <c10/util/Exception.h>

#include <new>

namespace nerbert {
namespace {

// libtorch reports a failed allocation on the CPU as a plain c10::Error that only its text tells apart.
bool speaks_of_memory(const std::string& message) {
  return message.find("can't allocate memory") != std::string::npos ||
         message.find("not enough memory") != std::string::npos;
}

Failure out_of_memory(const std::string& detail) {
  return {kOutOfMemoryError, "Not enough memory for this work: " + detail +
                                 ". Use gradient checkpointing, shorter sequences, or smaller batches"};
}

}  // namespace

Failure describe_current_exception() noexcept {
  try {
    throw;
  } catch (const Error& error) {
    return {error.code(), error.what()};
  } catch (const c10::OutOfMemoryError& error) {
    return out_of_memory(error.what_without_backtrace());
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    return speaks_of_memory(message) ? out_of_memory(message) : Failure{kTorchError, message};
  } catch (const std::bad_alloc& error) {
    return out_of_memory(error.what());
  } catch (const std::exception& error) {
    return {kTorchError, error.what()};
  } catch (...) {
    return {kTorchError, "an exception of unknown type"};
  }
}

}  // namespace nerbert
