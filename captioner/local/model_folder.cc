#include "captioner/local/model_folder.h"

#include <map>
#include <nlohmann/json.hpp>

#include "captioner/local/json_fields.h"
#include "captioner/local/json_file.h"
#include "captioner/local/weights_digest.h"

namespace reelgraph::captioner::local {
namespace {

void check_folder(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) refuse(path.string(), "there is no such model folder");
  if (!std::filesystem::is_directory(path, error)) refuse(path.string(), "is not a model folder");
}

bool there(const std::filesystem::path& file) {
  std::error_code error;
  return std::filesystem::exists(file, error);
}

PreprocessorConfig read_preprocessor(const std::filesystem::path& path, const ModelConfig& config) {
  const std::filesystem::path own = path / "preprocessor_config.json", outer = path / "processor_config.json";
  if (there(outer)) {
    const nlohmann::json json = read_json_file(outer);
    const JsonFields fields(json, outer.string());
    const std::int64_t rows = fields.whole("image_seq_len", 1, 1'000'000, config.image_seq_len());
    if (rows != config.image_seq_len()) {
      fields.refuse_field("image_seq_len", "(" + std::to_string(rows) + ") is not what config.json's sizes give (" +
                                               std::to_string(config.image_seq_len()) + ")");
    }
    if (!there(own) && fields.has("image_processor")) return parse_preprocessor_config(json, config.vision, outer.string());
  }
  return parse_preprocessor_config(read_json_file(own), config.vision, own.string());
}

GenerationConfig read_generation(const std::filesystem::path& path, const nlohmann::json& config, std::int64_t vocab_size) {
  const std::filesystem::path file = path / "generation_config.json";
  GenerationConfig generation;
  if (there(file)) generation = parse_generation_config(read_json_file(file), vocab_size, file.string());
  if (generation.end_ids.empty()) generation = parse_generation_config(config, vocab_size, (path / "config.json").string());
  return generation;
}

void check_ids(const Tokenizer& tokenizer, std::int64_t vocab_size, const std::string& context) {
  if (tokenizer.id_limit() > vocab_size) {
    refuse(context, "token id " + std::to_string(tokenizer.id_limit() - 1) + " is beyond the configured vocabulary (" +
                        std::to_string(vocab_size) + ")");
  }
}

/// The tokens that SmolVLM's templates write must be there, and <image> must be the one that config.json means.
void check_template_tokens(const Tokenizer& tokenizer, const ModelConfig& config, const std::string& context) {
  for (const char* content : {"<|im_start|>", "<end_of_utterance>", "<fake_token_around_image>", "<global-img>", "<image>"}) {
    if (!tokenizer.id_of(content)) refuse(context, std::string("special token ") + content + " missing");
  }
  if (tokenizer.id_of("<image>") != config.image_token_id) {
    refuse(context, "image_token_id of config.json (" + std::to_string(config.image_token_id) +
                        ") is not the id of <image> in tokenizer.json (" + std::to_string(*tokenizer.id_of("<image>")) + ")");
  }
}

/// modules.json and 1_Pooling/config.json: how token vectors become one.
void read_pooling(const std::filesystem::path& path, BertConfig& config) {
  const std::filesystem::path modules_file = path / "modules.json";
  if (!there(modules_file)) return;  // a bare BERT folder: masked mean, not normalised, as sentence-transformers does it
  const nlohmann::json modules = read_json_file(modules_file);
  if (!modules.is_array()) refuse(modules_file.string(), "is not an array");
  std::string pooling;
  for (const nlohmann::json& module : modules) {
    const JsonFields fields(module, modules_file.string());
    const std::string type = fields.text("type", "");
    const std::string kind = type.substr(type.rfind('.') + 1);
    if (kind == "Normalize") {
      config.normalize = true;
    } else if (kind == "Pooling") {
      pooling = fields.text("path", "1_Pooling");
    } else if (kind != "Transformer") {
      fields.refuse_field("type", "is not supported: " + type);
    }
  }
  if (pooling.empty()) return;
  if (pooling.find_first_of("/\\") != std::string::npos || pooling.find('\0') != std::string::npos || pooling == "..") {
    refuse(modules_file.string(), "path of the pooling leads out of the folder: only files of the folder itself are read");
  }
  const std::filesystem::path file = path / pooling / "config.json";
  const nlohmann::json json = read_json_file(file);
  const JsonFields fields(json, file.string());
  for (const char* mode :
       {"pooling_mode_max_tokens", "pooling_mode_mean_sqrt_len_tokens", "pooling_mode_weightedmean_tokens", "pooling_mode_lasttoken"}) {
    if (fields.flag(mode, false)) fields.refuse_field(mode, "is not supported");
  }
  const bool cls = fields.flag("pooling_mode_cls_token", false), mean = fields.flag("pooling_mode_mean_tokens", !cls);
  if (cls == mean) refuse(file.string(), "just one of pooling_mode_cls_token and pooling_mode_mean_tokens must be true");
  config.pool_mean = mean;
}

}  // namespace

std::string model_type_of_folder(const std::filesystem::path& path) {
  check_folder(path);
  return model_type_of(read_json_file(path / "config.json"), (path / "config.json").string());
}

ModelFolder ModelFolder::open(const std::filesystem::path& path, const std::filesystem::path& adapter) {
  check_folder(path);
  const std::filesystem::path config_file = path / "config.json", tokenizer_file = path / "tokenizer.json";
  const nlohmann::json json = read_json_file(config_file);
  const ModelConfig config = parse_model_config(json, config_file.string());
  PreprocessorConfig preprocessor;
  if (config.kind == ModelKind::kSmolVlm) preprocessor = read_preprocessor(path, config);
  GenerationConfig generation = read_generation(path, json, config.text.vocab_size);
  Tokenizer tokenizer = Tokenizer::load(tokenizer_file, TokenizerKind::kByteLevelBpe);
  check_ids(tokenizer, config.text.vocab_size, tokenizer_file.string());
  if (config.kind == ModelKind::kSmolVlm) check_template_tokens(tokenizer, config, tokenizer_file.string());
  if (generation.end_ids.empty() && tokenizer.id_of("<end_of_utterance>")) generation.end_ids = {*tokenizer.id_of("<end_of_utterance>")};
  if (generation.end_ids.empty()) refuse((path / "generation_config.json").string(), "eos_token_id is missing: no token ends a reply");
  Weights weights = Weights::open(path);
  std::vector<NamedTensor> tensors = match_tensors(weights, expected_tensors(config), "model.");
  check_finite(tensors);
  MergedWeights merged;
  if (!adapter.empty()) merged = merge_lora(adapter, tensors);
  return {
      path, config, preprocessor, std::move(generation), std::move(tokenizer), std::move(weights), std::move(tensors), std::move(merged)};
}

std::string ModelFolder::identity() const {
  const std::string own = weights_identity(path, weights);
  return merged.identity.empty() ? own : own + "+" + merged.identity;
}

std::int64_t ModelFolder::parameters() const {
  std::int64_t sum = 0;
  for (const NamedTensor& tensor : tensors) sum += tensor.view.elements();
  return sum;
}

DType ModelFolder::dtype() const {
  std::map<DType, std::size_t> bytes;
  for (const NamedTensor& tensor : tensors) bytes[tensor.view.dtype] += tensor.view.data.size();
  DType most = DType::kF32;
  for (const auto& [dtype, size] : bytes) {
    if (size > bytes[most]) most = dtype;
  }
  return most;
}

EmbedderFolder EmbedderFolder::open(const std::filesystem::path& path) {
  check_folder(path);
  const std::filesystem::path config_file = path / "config.json", tokenizer_file = path / "tokenizer.json";
  BertConfig config = parse_bert_config(read_json_file(config_file), config_file.string());
  read_pooling(path, config);
  const std::filesystem::path length_file = path / "sentence_bert_config.json";
  if (there(length_file)) {
    const nlohmann::json json = read_json_file(length_file);
    const JsonFields fields(json, length_file.string());
    config.max_seq_length = std::min(config.max_positions, fields.whole("max_seq_length", 3, 16'777'216, config.max_positions));
  }
  if (config.max_seq_length < 3) refuse(config_file.string(), "max_position_embeddings leaves no room for text");
  Tokenizer tokenizer = Tokenizer::load(tokenizer_file, TokenizerKind::kWordPiece);
  check_ids(tokenizer, config.vocab_size, tokenizer_file.string());
  std::int64_t ends[2] = {};
  for (const auto& [content, id] : {std::pair("[CLS]", &ends[0]), std::pair("[SEP]", &ends[1])}) {
    const std::optional<std::int64_t> found = tokenizer.id_of(content);
    if (!found) refuse(tokenizer_file.string(), std::string("special token ") + content + " missing");
    *id = *found;
  }
  Weights weights = Weights::open(path);
  std::vector<NamedTensor> tensors = match_tensors(weights, expected_tensors(config), "bert.");
  check_finite(tensors);
  return {path, config, std::move(tokenizer), ends[0], ends[1], std::move(weights), std::move(tensors)};
}

std::vector<std::int64_t> EmbedderFolder::encode(std::string_view text) const {
  std::vector<std::int64_t> ids = tokenizer.encode(text, SpecialMatching::kAllowed);
  const auto room = static_cast<std::size_t>(config.max_seq_length - 2);
  if (ids.size() > room) ids.resize(room);
  ids.insert(ids.begin(), cls);
  ids.push_back(sep);
  return ids;
}

}  // namespace reelgraph::captioner::local
