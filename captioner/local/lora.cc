#include "captioner/local/lora.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/utf8.h"
#include "captioner/local/json_fields.h"
#include "captioner/local/json_file.h"
#include "captioner/local/weights_digest.h"

namespace reelgraph::captioner::local {
namespace {

constexpr const char* kPrefix = "base_model.model.";
constexpr std::int64_t kMostRank = 65'536;

std::string shown(const std::string& name) { return base::ellipsize(base::sanitize_utf8(name), 200); }

/// "r" and "lora_alpha", which some modules may have their own of.
class Ranks {
 public:
  explicit Ranks(const JsonFields& fields)
      : rank_(fields.size("r", kMostRank)), alpha_(fields.positive("lora_alpha")), root_(fields.flag("use_rslora", false)) {
    for (const char* name : {"rank_pattern", "alpha_pattern"}) {
      if (!fields.has(name) || fields.raw(name).empty()) continue;
      const JsonFields patterns = fields.object(name);
      for (const auto& item : fields.raw(name).items()) {
        // PEFT takes keys as regular expressions; those that people write are ends of names.
        if (item.key().find_first_of("^$*+?()[]{}|\\") != std::string::npos)
          patterns.refuse_field(item.key().c_str(), "is a pattern that is not supported: write the end of the module's name");
        if (std::string(name) == "rank_pattern") {
          own_rank_[item.key()] = patterns.size(item.key().c_str(), kMostRank);
        } else {
          own_alpha_[item.key()] = patterns.positive(item.key().c_str());
        }
      }
    }
  }

  [[nodiscard]] std::int64_t rank(const std::string& module) const { return of(own_rank_, module).value_or(rank_); }
  [[nodiscard]] double scale(const std::string& module) const {
    const auto r = static_cast<double>(rank(module));
    return of(own_alpha_, module).value_or(alpha_) / (root_ ? std::sqrt(r) : r);
  }

 private:
  template <typename Value>
  static std::optional<Value> of(const std::map<std::string, Value>& own, const std::string& module) {
    for (const auto& [end, value] : own) {
      if (module == end || module.ends_with("." + end)) return value;
    }
    return std::nullopt;
  }

  std::int64_t rank_;
  double alpha_;
  bool root_;
  std::map<std::string, std::int64_t> own_rank_;
  std::map<std::string, double> own_alpha_;
};

/// What an adapter says of one tensor of the model.
struct Change {
  const TensorView *a = nullptr, *b = nullptr;  ///< [r, in], [out, r]
  const TensorView* whole = nullptr;            ///< takes its place
};

void check_shape(const std::string& context, const std::string& name, const TensorView& tensor, std::vector<std::int64_t> wanted) {
  if (tensor.dtype != DType::kF32 && tensor.dtype != DType::kF16 && tensor.dtype != DType::kBF16)
    refuse(context, "tensor " + shown(name) + " is " + name_of(tensor.dtype) + ": F32, F16 and BF16 are read");
  if (tensor.shape != wanted) {
    refuse(context, "tensor " + shown(name) + " has shape " + shape_text(tensor.shape) + ", and the model wants " + shape_text(wanted) +
                        ": it was made for another model");
  }
  if (!all_finite(tensor)) refuse(context, "tensor " + shown(name) + " holds values that are not finite");
}

std::vector<float> merged(const TensorView& weight, const TensorView& first, const TensorView& second, double scale) {
  std::vector<float> out = to_float(weight);
  const std::vector<float> a = to_float(first), b = to_float(second);
  const auto rank = static_cast<std::size_t>(first.shape[0]), in = static_cast<std::size_t>(first.shape[1]);
  for (std::size_t row = 0; row < static_cast<std::size_t>(second.shape[0]); ++row) {
    for (std::size_t r = 0; r < rank; ++r) {
      const auto factor = static_cast<float>(scale * static_cast<double>(b[row * rank + r]));
      for (std::size_t i = 0; i < in; ++i) out[row * in + i] += factor * a[r * in + i];
    }
  }
  return out;
}

}  // namespace

MergedWeights merge_lora(const std::filesystem::path& folder, std::vector<NamedTensor>& tensors) {
  const std::filesystem::path config_file = folder / "adapter_config.json", file = folder / "adapter_model.safetensors";
  const nlohmann::json config = read_json_file(config_file);
  const JsonFields fields(config, config_file.string());
  if (const std::string kind = fields.text("peft_type", "LORA"); kind != "LORA")
    fields.refuse_field("peft_type", "is " + shown(kind) + ": only LORA is supported");
  for (const char* other : {"use_dora", "fan_in_fan_out"}) {
    if (fields.flag(other, false)) fields.refuse_field(other, "is not supported");
  }
  const Ranks ranks(fields);
  const Weights adapter = Weights::open_file(file);
  const std::string context = file.string();
  std::map<std::string, NamedTensor*> known;
  for (NamedTensor& tensor : tensors) known.emplace(tensor.name, &tensor);

  std::map<std::string, Change> changes;  // by the model's tensor
  for (const auto& [name, entry] : adapter.tensors()) {
    if (!name.starts_with(kPrefix)) refuse(context, "tensor " + shown(name) + " does not begin with " + kPrefix);
    std::string target = name.substr(std::string(kPrefix).size());
    const TensorView* Change::*part = &Change::whole;
    for (const auto& [end, which] : {std::pair(".lora_A.weight", &Change::a), std::pair(".lora_B.weight", &Change::b)}) {
      if (!target.ends_with(end)) continue;
      target = target.substr(0, target.size() - std::string(end).size()) + ".weight";
      part = which;
    }
    if (known.count(target) == 0 && known.count("model." + target) != 0) target = "model." + target;
    if (known.count(target) == 0) refuse(context, "tensor " + shown(name) + " changes what the model does not have");
    changes[target].*part = &entry.view;
  }
  if (changes.empty()) refuse(context, "changes nothing");

  MergedWeights out;
  out.identity = weights_identity(folder, adapter);
  std::vector<std::pair<NamedTensor*, std::size_t>> replaced;
  for (const auto& [target, change] : changes) {
    NamedTensor& tensor = *known.at(target);
    const std::string module = target.substr(0, target.rfind('.'));
    if (change.whole != nullptr) {
      check_shape(context, target, *change.whole, tensor.view.shape);
      if (change.a != nullptr || change.b != nullptr) refuse(context, "holds tensor " + shown(target) + " both whole and as a change");
      out.values.push_back(to_float(*change.whole));
    } else {
      if (change.a == nullptr || change.b == nullptr)
        refuse(context, std::string("lacks ") + (change.a == nullptr ? "lora_A" : "lora_B") + " of " + shown(module));
      if (tensor.view.shape.size() != 2) refuse(context, "changes " + shown(target) + ", which is no matrix");
      const std::int64_t rank = ranks.rank(module);
      check_shape(context, module + ".lora_A.weight", *change.a, {rank, tensor.view.shape[1]});
      check_shape(context, module + ".lora_B.weight", *change.b, {tensor.view.shape[0], rank});
      out.values.push_back(merged(tensor.view, *change.a, *change.b, ranks.scale(module)));
    }
    replaced.emplace_back(&tensor, out.values.size() - 1);
  }
  for (const std::vector<float>& values : out.values) {
    if (!std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); }))
      refuse(context, "gives weights that are not finite");
  }
  for (const auto& [tensor, index] : replaced) {
    tensor->view.dtype = DType::kF32;
    tensor->view.data = std::as_bytes(std::span(out.values[index]));
    tensor->file = file;
  }
  return out;
}

}  // namespace reelgraph::captioner::local
