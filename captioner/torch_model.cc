#include "captioner/torch_model.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "captioner/torch/abi.h"

namespace reelgraph::captioner {
namespace {

reelgraph_dtype dtype_of(local::DType dtype) {
  return dtype == local::DType::kF16 ? REELGRAPH_F16 : dtype == local::DType::kBF16 ? REELGRAPH_BF16 : REELGRAPH_F32;
}

}  // namespace

template <typename Call>
void TorchModel::check(Call call) const {
  std::array<char, 2048> words{};
  if (call(reelgraph_reason{words.data(), words.size()}) != 0) fail(words.data());
}

void TorchModel::fail(const std::string& reason) const {
  throw base::Error(base::ErrorCode::kModel, "libtorch failed: " + reason.substr(0, reason.find('\n')), name_,
                    "see `reelgraph doctor` and `reelgraph models check FOLDER`");
}

TorchModel::TorchModel(const TorchPlugin& plugin, const nlohmann::json& spec, const std::vector<local::NamedTensor>& tensors,
                       std::string name)
    : functions_(plugin.functions()), name_(std::move(name)), handle_(nullptr, TorchClose<reelgraph_model>{functions_->model_close}) {
  if (const std::string device = spec.value("device", "cpu"); device != "cpu" && !plugin.facts().value("cuda", false)) {
    throw base::Error(base::ErrorCode::kModel, "--device " + device + " cannot be used: this libtorch finds no CUDA device", name_,
                      "use --device cpu, or a build against a libtorch with CUDA on a machine with a device (docs/models.md)");
  }
  std::vector<reelgraph_tensor> table;
  table.reserve(tensors.size());
  for (const local::NamedTensor& tensor : tensors) {
    table.push_back(
        {tensor.name.c_str(), tensor.view.shape.data(), tensor.view.data.data(), tensor.view.shape.size(), dtype_of(tensor.view.dtype)});
  }
  const std::string text = spec.dump();
  reelgraph_model* model = nullptr;
  check([&](reelgraph_reason reason) { return functions_->model_open(text.c_str(), table.data(), table.size(), &model, reason); });
  handle_.reset(model);
}

std::vector<float> TorchModel::embed(std::span<const std::vector<std::int64_t>> rows, std::int64_t dim) {
  std::vector<float> out(rows.size() * static_cast<std::size_t>(dim));
  if (rows.empty()) return out;
  std::vector<std::int64_t> ids, lengths;
  for (const std::vector<std::int64_t>& row : rows) {
    ids.insert(ids.end(), row.begin(), row.end());
    lengths.push_back(static_cast<std::int64_t>(row.size()));
  }
  check([&](reelgraph_reason reason) {
    return functions_->embed(handle_.get(), ids.data(), lengths.data(), rows.size(), out.data(), reason);
  });
  return out;
}

std::vector<float> TorchModel::vision(std::span<const float> pixels, std::int64_t tiles, std::int64_t per_tile, bool clamped) {
  std::vector<float> out(static_cast<std::size_t>(tiles * per_tile));
  check([&](reelgraph_reason reason) {
    return functions_->vision(handle_.get(), pixels.data(), static_cast<std::size_t>(tiles), clamped ? 1 : 0, out.data(), reason);
  });
  return out;
}

std::vector<float> TorchModel::connect(std::span<const float> vision, std::int64_t tiles, std::int64_t per_tile) {
  std::vector<float> out(static_cast<std::size_t>(tiles * per_tile));
  check([&](reelgraph_reason reason) {
    return functions_->connect(handle_.get(), vision.data(), static_cast<std::size_t>(tiles), out.data(), reason);
  });
  return out;
}

TorchSequence TorchModel::open_sequence(std::int64_t capacity) {
  TorchSequence sequence;
  reelgraph_sequence* handle = nullptr;
  check([&](reelgraph_reason reason) { return functions_->sequence_open(handle_.get(), capacity, &handle, reason); });
  sequence.handle_ = {handle, TorchClose<reelgraph_sequence>{functions_->sequence_close}};
  sequence.capacity_ = capacity;
  return sequence;
}

TorchSequence TorchModel::fork(const TorchSequence& from, std::int64_t length, std::int64_t capacity) {
  TorchSequence sequence;
  reelgraph_sequence* handle = nullptr;
  check([&](reelgraph_reason reason) {
    return functions_->sequence_fork(handle_.get(), from.handle_.get(), length, capacity, &handle, reason);
  });
  sequence.handle_ = {handle, TorchClose<reelgraph_sequence>{functions_->sequence_close}};
  sequence.length_ = length;
  sequence.capacity_ = capacity;
  return sequence;
}

void TorchModel::prefill(TorchSequence& sequence, std::span<const std::int64_t> ids, const TorchFeatures& features, std::span<float> logits,
                         bool all) {
  if (ids.empty()) return;
  check([&](reelgraph_reason reason) {
    return functions_->prefill(handle_.get(), sequence.handle_.get(), ids.data(), ids.size(), features.rows.data(),
                               features.positions.data(), features.positions.size(), all ? 1 : 0, logits.empty() ? nullptr : logits.data(),
                               reason);
  });
  sequence.length_ += static_cast<std::int64_t>(ids.size());
}

void TorchModel::decode(std::span<TorchSequence* const> sequences, std::span<const std::int64_t> ids, std::span<float> logits) {
  std::vector<reelgraph_sequence*> handles;
  for (const TorchSequence* sequence : sequences) handles.push_back(sequence->handle_.get());
  check([&](reelgraph_reason reason) {
    return functions_->decode(handle_.get(), handles.data(), ids.data(), handles.size(), logits.data(), reason);
  });
  for (TorchSequence* sequence : sequences) ++sequence->length_;
}

}  // namespace reelgraph::captioner
