#pragma once
// Reading the reference fixtures (../shared/fixtures): JSON, JSON lines, and error checks.

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "tests/support/support.h"

namespace reelgraph::test {

inline nlohmann::json read_json(const std::filesystem::path& file) { return nlohmann::json::parse(read_file(file)); }

inline std::vector<nlohmann::json> read_json_lines(const std::filesystem::path& file) {
  std::vector<nlohmann::json> lines;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) lines.push_back(nlohmann::json::parse(line));
  }
  return lines;
}

struct TensorToWrite {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};
/// A safetensors file of float32 tensors.
inline void write_safetensors(const std::filesystem::path& file, const std::vector<TensorToWrite>& tensors) {
  nlohmann::json header = nlohmann::json::object();
  std::string data;
  for (const TensorToWrite& tensor : tensors) {
    const std::size_t begin = data.size();
    data.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float));
    header[tensor.name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {begin, data.size()}}};
  }
  const std::string text = header.dump();
  const std::uint64_t length = text.size();
  std::ofstream(file, std::ios::binary) << std::string(reinterpret_cast<const char*>(&length), sizeof length) << text << data;
}

/// A copy that may be changed.
inline void copy_folder(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::create_directories(to);
  for (const auto& entry : std::filesystem::directory_iterator(from)) {
    if (!entry.is_regular_file()) continue;
    std::filesystem::copy_file(entry.path(), to / entry.path().filename());
    std::filesystem::permissions(to / entry.path().filename(), std::filesystem::perms::owner_all);
  }
}

/// A folder of real weights, installed by hand or by scripts/fetch_models; nothing where it is absent: the test then prints "SKIPPED: ..."
/// and should return.
inline std::optional<std::filesystem::path> real_model(const std::string& name) {
  const char* home = std::getenv("HOME");
  const std::filesystem::path path = std::filesystem::path(home != nullptr ? home : "/") / ".local/share/reelgraph/models" / name;
  if (std::filesystem::exists(path / "config.json")) return path;
  std::cout << "SKIPPED: needs real weights that are not here: " << path << " (docs/models.md says how to get them)\n";
  return std::nullopt;
}

/// The error that `call` throws; fails the test if it throws none.
template <typename Call>
base::Error error_of(Call call) {
  try {
    call();
  } catch (const base::Error& error) {
    return error;
  }
  FAIL("nothing was refused");
  throw 0;
}

}  // namespace reelgraph::test
