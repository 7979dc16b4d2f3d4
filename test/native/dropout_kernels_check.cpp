// Prints what the dropout kernels and their generator do, as JSON, for dropout-kernels.test.ts to judge.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "kernels/dropout_mask.h"
#include "kernels/threefry.h"

using nerbert::kernels::DropoutMask;

using Drop = void (*)(const DropoutMask&, float* data, int64_t width, int64_t begin, int64_t end);
#define DECLARE_DROP(capability)                                              \
  namespace nerbert::kernels::capability {                                    \
  void drop(const DropoutMask&, float*, int64_t, int64_t begin, int64_t end); \
  }
DECLARE_DROP(DEFAULT)
#ifdef NERBERT_X86
DECLARE_DROP(AVX2)
DECLARE_DROP(AVX512)
#endif

namespace {

constexpr int64_t kRows = 2000;
constexpr int64_t kWidth = 500;  // each row begins a group, and its last group is not full
constexpr int64_t kElements = kRows * kWidth;
constexpr double kRate = 0.3;
const auto kThreshold = static_cast<uint32_t>(std::lround(kRate * 65536));
// The rate has 16 bits, and the scale makes up for just that rate.
const auto kScale = static_cast<float>(1 / (1 - kThreshold / 65536.0));
const DropoutMask kMask{0x0123456789abcdef, 0, 4, 0, 7, kThreshold, kScale};

// Four output words of lane `Lane` of `Lanes` for a counter and a key.
template <int Lanes, int Lane>
std::string words(const uint32_t (&counter)[4], const uint32_t (&key)[4]) {
  uint32_t out[4][Lanes];
  nerbert::kernels::threefry4x32<Lanes>(counter[0] - Lane, counter[1], counter[2], counter[3], key, out);
  char text[40];
  std::snprintf(text, sizeof text, "%08x %08x %08x %08x", out[0][Lane], out[1][Lane], out[2][Lane],
                out[3][Lane]);
  return text;
}

std::vector<float> dropped(Drop drop, const DropoutMask& mask) {
  std::vector<float> data(kElements, 1.0f);
  drop(mask, data.data(), kWidth, 0, kRows);
  return data;
}

int64_t agreements(const std::vector<float>& a, const std::vector<float>& b, int64_t lag) {
  int64_t count = 0;
  for (int64_t i = 0; i + lag < kElements; i++) count += a[i + lag] == b[i];
  return count;
}

struct Build {
  const char* name;
  Drop drop;
};

std::vector<Build> builds_of_this_cpu() {
  std::vector<Build> builds{{"default", nerbert::kernels::DEFAULT::drop}};
#ifdef NERBERT_X86
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    builds.push_back({"avx2", nerbert::kernels::AVX2::drop});
  }
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
    builds.push_back({"avx512", nerbert::kernels::AVX512::drop});
  }
#endif
  return builds;
}

void print_known_answers() {
  const uint32_t counters[3][4] = {{0, 0, 0, 0},
                                   {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                                   {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}};
  const uint32_t keys[3][4] = {{0, 0, 0, 0},
                               {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                               {0xa4093822, 0x299f31d0, 0x082efa98, 0xec4e6c89}};
  std::printf("{\"knownAnswers\": [");
  for (int i = 0; i < 3; i++) {
    std::printf("%s[\"%s\", \"%s\"]", i == 0 ? "" : ", ", words<1, 0>(counters[i], keys[i]).c_str(),
                words<16, 5>(counters[i], keys[i]).c_str());
  }
  std::printf("]");
}

}  // namespace

int main() {
  print_known_answers();

  const std::vector<float> mask = dropped(nerbert::kernels::DEFAULT::drop, kMask);
  int64_t kept = 0, odd = 0;
  for (float value : mask) {
    kept += value != 0.0f;
    odd += value != 0.0f && value != kScale;
  }
  std::printf(", \"elements\": %lld, \"rate\": %g, \"kept\": %lld, \"wronglyScaled\": %lld",
              (long long)kElements, kRate, (long long)kept, (long long)odd);

  // Masks of other places in the counter space, and the mask itself shifted by an element and a row.
  const auto other = [&](auto change) {
    DropoutMask changed = kMask;
    change(changed);
    return agreements(dropped(nerbert::kernels::DEFAULT::drop, changed), mask, 0);
  };
  std::printf(
      ", \"agreements\": {\"next element\": %lld, \"next row\": %lld, \"other seed\": %lld, \"other "
      "site\": %lld, "
      "\"other micro-batch\": %lld, \"other step\": %lld, \"other first group\": %lld}",
      (long long)agreements(mask, mask, 1), (long long)agreements(mask, mask, kWidth),
      (long long)other([](DropoutMask& m) { m.key++; }),
      (long long)other([](DropoutMask& m) { m.site++; }),
      (long long)other([](DropoutMask& m) { m.part++; }),
      (long long)other([](DropoutMask& m) { m.step++; }),
      (long long)other([](DropoutMask& m) { m.first_group++; }));

  // The same mask, built for each capability and drawn in pieces as several threads draw it.
  std::printf(", \"sameBits\": {");
  const char* separator = "";
  for (const Build& build : builds_of_this_cpu()) {
    std::vector<float> pieces(kElements, 1.0f);
    for (int64_t begin = kRows; begin > 0; begin -= 100) {
      build.drop(kMask, pieces.data(), kWidth, std::max<int64_t>(begin - 100, 0), begin);
    }
    const bool same = std::memcmp(pieces.data(), mask.data(), kElements * sizeof(float)) == 0;
    std::printf("%s\"%s\": %s", separator, build.name, same ? "true" : "false");
    separator = ", ";
  }
  std::printf("}}\n");
}
