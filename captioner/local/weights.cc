#include "captioner/local/weights.h"

#include <nlohmann/json.hpp>
#include <set>

#include "base/utf8.h"
#include "captioner/local/json_file.h"

namespace reelgraph::captioner::local {
namespace {

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr std::size_t kMaxShards = 1000;

/// A shard's name is a plain file name beside the index, whatever the index says.
void check_shard_name(const std::string& name, const std::string& context) {
  const auto bad = [&](const char* why) {
    refuse(context,
           "shard name \"" + base::ellipsize(base::sanitize_utf8(name), 100) + "\" " + why + ": only files of the folder itself are read");
  };
  if (name.empty()) bad("is empty");
  if (name.find('\0') != std::string::npos) bad("holds a NUL");
  if (name.front() == '/') bad("is absolute");
  if (name.find('\\') != std::string::npos) bad("holds a \\");
  if (name == ".." || name.find("../") != std::string::npos) bad("leads out of the folder (..)");
  if (name.find('/') != std::string::npos) bad("holds a /");
}

/// weight_map of the index: tensor -> shard.
std::map<std::string, std::string> read_index(const std::filesystem::path& file) {
  const std::string context = file.string();
  const nlohmann::json index = parse_json_unique(read_text_file(file), context, "tensor");
  if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object()) {
    refuse(context, "weight_map is missing or not an object");
  }
  std::map<std::string, std::string> shard_of;
  for (const auto& item : index["weight_map"].items()) {
    if (!item.value().is_string()) refuse(context, "shard of tensor " + base::ellipsize(item.key(), 200) + " is not text");
    const std::string shard = item.value().get<std::string>();
    check_shard_name(shard, context);
    shard_of.emplace(item.key(), shard);
  }
  return shard_of;
}

}  // namespace

Weights Weights::open(const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::exists(folder / kSingle, error)) return open_file(folder / kSingle);
  const std::filesystem::path index = folder / kIndex;
  if (!std::filesystem::exists(index, error)) {
    refuse(folder.string(), std::string("has neither ") + kSingle + " nor " + kIndex);
  }
  const std::map<std::string, std::string> shard_of = read_index(index);
  std::set<std::string> shards;
  for (const auto& [tensor, shard] : shard_of) shards.insert(shard);
  if (shards.size() > kMaxShards) refuse(index.string(), "lists " + std::to_string(shards.size()) + " shards");
  Weights weights;
  weights.listing_ = index;
  for (const std::string& shard : shards) {
    const std::filesystem::path file = folder / shard;
    if (!std::filesystem::exists(file, error)) refuse(index.string(), "shard " + shard + " is missing");
    weights.files_.push_back(SafetensorsFile::open(file));
    for (const auto& [name, view] : weights.files_.back().tensors()) {
      const auto [it, fresh] = weights.tensors_.emplace(name, Entry{view, file});
      if (!fresh) {
        refuse(file.string(), "tensor " + base::ellipsize(base::sanitize_utf8(name), 200) + " is stored in two shards (also in " +
                                  it->second.file.filename().string() + ")");
      }
    }
  }
  for (const auto& [tensor, shard] : shard_of) {
    const auto it = weights.tensors_.find(tensor);
    const std::string name = base::ellipsize(base::sanitize_utf8(tensor), 200);
    if (it == weights.tensors_.end()) refuse((folder / shard).string(), "lacks tensor " + name + ", which " + kIndex + " promises");
    if (it->second.file.filename() != shard) {
      refuse(index.string(), "promises tensor " + name + " in " + shard + ", which lacks tensor " + name + " (it is in " +
                                 it->second.file.filename().string() + ")");
    }
  }
  for (const auto& [name, entry] : weights.tensors_) {
    if (shard_of.count(name) == 0) {
      refuse(entry.file.string(), "tensor " + base::ellipsize(base::sanitize_utf8(name), 200) + " is not listed in " + kIndex);
    }
  }
  return weights;
}

Weights Weights::open_file(const std::filesystem::path& file) {
  Weights weights;
  weights.listing_ = file;
  weights.files_.push_back(SafetensorsFile::open(file));
  for (const auto& [name, view] : weights.files_.back().tensors()) weights.tensors_.emplace(name, Entry{view, file});
  return weights;
}

std::size_t Weights::bytes() const {
  std::size_t bytes = 0;
  for (const SafetensorsFile& file : files_) bytes += file.bytes();
  return bytes;
}

}  // namespace reelgraph::captioner::local
