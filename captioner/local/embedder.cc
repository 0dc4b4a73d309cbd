#include "captioner/local/embedder.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/error.h"
#include "captioner/local/json_file.h"
#include "captioner/local/weights_digest.h"

namespace reelgraph::captioner::local {
namespace {

constexpr std::size_t kMaxRows = 64;           ///< texts a batch
constexpr std::size_t kMaxBatchTokens = 8192;  ///< padding counted

nlohmann::json spec_of(const BertConfig& config, const RunOptions& options) {
  nlohmann::json spec = run_spec(options);
  spec["kind"] = "bert";
  spec["layers"] = config.layers;
  spec["heads"] = config.heads;
  spec["layer_norm_eps"] = config.layer_norm_eps;
  spec["pool_mean"] = config.pool_mean;
  spec["normalize"] = config.normalize;
  return spec;
}

}  // namespace

void validate(const RunOptions& options) {
  if (options.dtype != "fp32" && options.dtype != "bf16") {
    throw base::Error(base::ErrorCode::kInvalidArgument, "--dtype " + options.dtype + " is not known", {}, "use fp32 or bf16");
  }
  const bool cuda = options.device == "cuda" ||
                    (options.device.starts_with("cuda:") && options.device.size() > 5 && options.device.size() < 9 &&
                     std::all_of(options.device.begin() + 5, options.device.end(), [](char c) { return c >= '0' && c <= '9'; }));
  if (options.device != "cpu" && !cuda) {
    throw base::Error(base::ErrorCode::kInvalidArgument, "--device " + options.device + " is not known", {}, "use cpu, cuda or cuda:N");
  }
  if (options.threads < 0 || options.threads > 1024) {
    throw base::Error(base::ErrorCode::kInvalidArgument, "--threads must be 0 to 1024", {}, "0 means one per core");
  }
}

nlohmann::json run_spec(const RunOptions& options) {
  validate(options);
  return {{"device", options.device == "cuda" ? "cuda:0" : options.device}, {"dtype", options.dtype}, {"threads", options.threads}};
}

LocalEmbedder::LocalEmbedder(const TorchPlugin& plugin, const std::filesystem::path& folder, const RunOptions& options)
    : folder_(EmbedderFolder::open(folder)),
      model_(plugin, spec_of(folder_.config, options), folder_.tensors, folder.string()),
      name_(weights_identity(folder, folder_.weights)) {}

std::vector<float> LocalEmbedder::encode(std::span<const std::string> texts) {
  std::vector<std::vector<std::int64_t>> ids;
  ids.reserve(texts.size());
  for (const std::string& text : texts) ids.push_back(folder_.encode(text));
  // Like lengths together: padding costs as much as words.
  std::vector<std::size_t> order(texts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return ids[a].size() > ids[b].size(); });
  const std::size_t width = dim();
  const std::lock_guard lock(mutex_);
  std::vector<float> out(texts.size() * width);
  for (std::size_t begin = 0; begin < order.size();) {
    const std::size_t longest = ids[order[begin]].size();
    const std::size_t rows = std::clamp<std::size_t>(kMaxBatchTokens / longest, 1, std::min(kMaxRows, order.size() - begin));
    std::vector<std::vector<std::int64_t>> batch;
    for (std::size_t i = begin; i < begin + rows; ++i) batch.push_back(std::move(ids[order[i]]));
    const std::vector<float> vectors = model_.embed(batch, static_cast<std::int64_t>(width));
    for (std::size_t i = 0; i < rows; ++i) {
      std::copy_n(vectors.begin() + static_cast<std::ptrdiff_t>(i * width), width,
                  out.begin() + static_cast<std::ptrdiff_t>(order[begin + i] * width));
    }
    begin += rows;
  }
  return out;
}

std::vector<std::vector<float>> LocalEmbedder::embed(std::span<const std::string> texts) {
  const std::vector<float> rows = encode(texts);
  std::vector<std::vector<float>> vectors;
  vectors.reserve(texts.size());
  for (std::size_t row = 0; row < texts.size(); ++row) {
    const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(row * dim());
    std::vector<float> vector(begin, begin + static_cast<std::ptrdiff_t>(dim()));
    double square = 0;
    for (const float value : vector) square += static_cast<double>(value) * value;
    if (!std::isfinite(square) || square <= 0) {
      refuse(folder_.path.string(), std::string("an embedding is ") + (square == 0 ? "all zero" : "not finite"));
    }
    for (float& value : vector) value = static_cast<float>(value / std::sqrt(square));
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

}  // namespace reelgraph::captioner::local
