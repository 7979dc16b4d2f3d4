#include "tensor_file.h"

#include <ATen/ops/empty.h>
#include <c10/core/ScalarType.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "failure.h"

namespace nerbert {
namespace {

class File {
 public:
  File(const std::string& path, int flags)
      : path_(path), descriptor_(::open(path.c_str(), flags | O_CLOEXEC)) {
    if (descriptor_ < 0) fail("open", std::strerror(errno));
  }
  ~File() { ::close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // `transfer` is pread or pwrite on a part of [data, data + size).
  template <class Transfer>
  void transfer_all(const char* verb, char* data, int64_t size, int64_t offset,
                    const Transfer& transfer) const {
    while (size > 0) {
      const ssize_t done =
          transfer(descriptor_, data, static_cast<size_t>(std::min<int64_t>(size, int64_t{1} << 30)), offset);
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) fail(verb, std::strerror(errno));
      if (done == 0) fail(verb, "the file ends " + std::to_string(size) + " bytes too early");
      data += done;
      offset += done;
      size -= done;
    }
  }

 private:
  [[noreturn]] void fail(const char* verb, const std::string& reason) const {
    throw Error(kIoError, std::string("Could not ") + verb + " " + path_ + ": " + reason);
  }

  std::string path_;
  int descriptor_;
};

// Weights of other types pass through a buffer of this many elements.
constexpr int64_t kChunk = int64_t{1} << 20;

}  // namespace

void read_tensor(const std::string& file, int64_t offset, at::ScalarType type,
                 const at::Tensor& destination) {
  const File input(file, O_RDONLY);
  if (type == at::kFloat) {
    input.transfer_all("read", static_cast<char*>(destination.data_ptr()),
                       static_cast<int64_t>(destination.nbytes()), offset, ::pread);
    return;
  }
  const at::Tensor flat = destination.view(-1);
  const auto width = static_cast<int64_t>(c10::elementSize(type));
  const at::Tensor buffer = at::empty({std::min(kChunk, flat.numel())}, at::TensorOptions().dtype(type));
  for (int64_t begin = 0; begin < flat.numel(); begin += kChunk) {
    const int64_t count = std::min(kChunk, flat.numel() - begin);
    input.transfer_all("read", static_cast<char*>(buffer.data_ptr()), count * width, offset + begin * width,
                       ::pread);
    flat.narrow(0, begin, count).copy_(buffer.narrow(0, 0, count));
  }
}

void write_tensor(const std::string& file, int64_t offset, const at::Tensor& source) {
  const File output(file, O_WRONLY);
  output.transfer_all("write", static_cast<char*>(source.data_ptr()), static_cast<int64_t>(source.nbytes()),
                      offset, ::pwrite);
}

}  // namespace nerbert
