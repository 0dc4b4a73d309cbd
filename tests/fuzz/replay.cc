// Runs a fuzz target without libFuzzer: on nothing, on each file of a corpus folder, and on a fixed series of damages of each (bytes
// flipped, cut off, repeated). The same on every run. A crash or a sanitizer's finding ends the process; there is nothing else to check.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;
constexpr int kDamages = 60;  ///< a file

void try_input(const Bytes& bytes) {
  // A copy of just this size, so that reading past the end is seen.
  const Bytes exact(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

Bytes damaged(Bytes bytes, std::mt19937& random) {
  const auto below = [&random](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  switch (below(4)) {
    case 0: bytes.resize(below(bytes.size())); break;
    case 1: {
      const std::size_t from = below(bytes.size());
      const Bytes piece(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                        bytes.begin() + static_cast<std::ptrdiff_t>(std::min(bytes.size(), from + 64)));
      bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size())), piece.begin(), piece.end());
      break;
    }
    default:
      for (std::size_t i = 1 + below(8); i > 0; --i) bytes[below(bytes.size())] = static_cast<std::uint8_t>(random());
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) try {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::exists(argv[i])) continue;  // a target may have no corpus yet
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  try_input({});
  int inputs = 1;
  for (const std::filesystem::path& file : files) {
    std::ifstream in(file, std::ios::binary);
    const Bytes bytes{std::istreambuf_iterator<char>(in), {}};
    try_input(bytes);
    ++inputs;
    if (bytes.empty()) continue;
    std::mt19937 random(static_cast<std::uint32_t>(bytes.size()));
    for (int i = 0; i < kDamages; ++i, ++inputs) try_input(damaged(bytes, random));
  }
  std::printf("%d inputs from %zu files\n", inputs, files.size());
  return 0;
} catch (const std::exception& failure) {
  std::fprintf(stderr, "the target let an exception out: %s\n", failure.what());
  return 1;
}
