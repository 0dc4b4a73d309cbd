#include "captioner/local/model_config.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "captioner/local/json_fields.h"
#include "captioner/local/json_file.h"

namespace reelgraph::captioner::local {
namespace {

// No known model comes near these; what is beyond them is damage or an attack.
constexpr std::int64_t kMaxWidth = 65536;
constexpr std::int64_t kMaxInner = 262144;
constexpr std::int64_t kMaxLayers = 1024;
constexpr std::int64_t kMaxHeads = 1024;
constexpr std::int64_t kMaxVocabulary = 4'000'000;
constexpr std::int64_t kMaxPositions = 16'777'216;
constexpr std::int64_t kMaxImage = 4096;
constexpr std::int64_t kMaxEdge = 65536;
constexpr std::int64_t kMaxPatches = 65536;

std::optional<RopeScaling> parse_rope_scaling(const JsonFields& fields, const char* name, bool theta_inside) {
  if (!fields.has(name)) return std::nullopt;
  const JsonFields scaling = fields.object(name);
  const std::string type = scaling.has("rope_type") ? scaling.text("rope_type", "") : scaling.text("type", theta_inside ? "default" : "");
  if (type == "default") return std::nullopt;
  if (type != "llama3") fields.refuse_field(name, "type is not supported: " + (type.empty() ? "(none)" : type));
  RopeScaling rope;
  rope.factor = scaling.positive("factor");
  rope.low_freq_factor = scaling.positive("low_freq_factor");
  rope.high_freq_factor = scaling.positive("high_freq_factor");
  rope.original_max_position_embeddings = scaling.size("original_max_position_embeddings", kMaxPositions);
  if (rope.high_freq_factor <= rope.low_freq_factor) scaling.refuse_field("high_freq_factor", "must be larger than low_freq_factor");
  return rope;
}

void must_be_off(const JsonFields& fields, const char* name) {
  if (fields.flag(name, false)) fields.refuse_field(name, "is not supported here");
}

TextConfig parse_text(const JsonFields& fields) {
  if (fields.has("model_type") && fields.text("model_type", "") != "llama") {
    fields.refuse_field("model_type", "is not supported: " + fields.text("model_type", ""));
  }
  TextConfig text;
  text.vocab_size = fields.size("vocab_size", kMaxVocabulary);
  text.hidden_size = fields.size("hidden_size", kMaxWidth);
  text.intermediate_size = fields.size("intermediate_size", kMaxInner);
  text.layers = fields.size("num_hidden_layers", kMaxLayers);
  text.heads = fields.size("num_attention_heads", kMaxHeads);
  text.kv_heads = fields.size("num_key_value_heads", kMaxHeads, text.heads);
  if (text.heads % text.kv_heads != 0) {
    refuse(fields.context(), fields.where("num_attention_heads") + " (" + std::to_string(text.heads) +
                                 ") is not divisible by num_key_value_heads (" + std::to_string(text.kv_heads) + ")");
  }
  if (!fields.has("head_dim") && text.hidden_size % text.heads != 0) {
    refuse(fields.context(), fields.where("head_dim") + " is absent and hidden_size (" + std::to_string(text.hidden_size) +
                                 ") is not divisible by num_attention_heads (" + std::to_string(text.heads) + ")");
  }
  text.head_dim = fields.size("head_dim", 1024, text.hidden_size / text.heads);
  if (text.head_dim % 2 != 0) fields.refuse_field("head_dim", "must be even for rotary embeddings");
  text.max_positions = fields.size("max_position_embeddings", kMaxPositions, 2048);
  text.rms_norm_eps = fields.positive("rms_norm_eps", 1e-6);
  const bool nested = fields.has("rope_parameters");
  if (fields.has("rope_theta")) {
    text.rope_theta = fields.positive("rope_theta");
  } else if (nested && fields.object("rope_parameters").has("rope_theta")) {
    text.rope_theta = fields.object("rope_parameters").positive("rope_theta");
  } else {
    fields.refuse_field("rope_theta", "is missing");
  }
  text.rope_scaling = parse_rope_scaling(fields, "rope_scaling", false);
  if (!text.rope_scaling) text.rope_scaling = parse_rope_scaling(fields, "rope_parameters", true);
  const std::string act = fields.text("hidden_act", "silu");
  if (act != "silu") fields.refuse_field("hidden_act", "is not supported: " + act);
  for (const char* off : {"attention_bias", "mlp_bias", "rope_interleaved", "use_resampler", "qk_layer_norms"}) must_be_off(fields, off);
  return text;
}

VisionConfig parse_vision(const JsonFields& fields) {
  VisionConfig vision;
  vision.hidden_size = fields.size("hidden_size", kMaxWidth);
  vision.intermediate_size = fields.size("intermediate_size", kMaxInner, 3072);
  vision.layers = fields.size("num_hidden_layers", kMaxLayers, 12);
  vision.heads = fields.size("num_attention_heads", kMaxHeads);
  if (vision.hidden_size % vision.heads != 0) {
    refuse(fields.context(), fields.where("hidden_size") + " (" + std::to_string(vision.hidden_size) +
                                 ") is not divisible by its num_attention_heads (" + std::to_string(vision.heads) + ")");
  }
  vision.image_size = fields.size("image_size", kMaxImage);
  vision.patch_size = fields.size("patch_size", kMaxImage);
  if (vision.patch_size > vision.image_size) {
    fields.refuse_field(
        "patch_size", "(" + std::to_string(vision.patch_size) + ") is larger than image_size (" + std::to_string(vision.image_size) + ")");
  }
  if (vision.patches_per_side() * vision.patches_per_side() > kMaxPatches) fields.refuse_field("patch_size", "makes too many patches");
  if (fields.whole("num_channels", 1, 64, 3) != 3) fields.refuse_field("num_channels", "must be 3");
  vision.layer_norm_eps = fields.positive("layer_norm_eps", 1e-6);
  const std::string act = fields.text("hidden_act", "gelu_pytorch_tanh");
  if (act != "gelu_pytorch_tanh" && act != "gelu_new" && act != "gelu") {
    fields.refuse_field("hidden_act", "is not supported: " + act);
  }
  vision.gelu_tanh = act != "gelu";
  return vision;
}

void read_three(const JsonFields& fields, const char* name, float (&values)[3]) {
  if (!fields.has(name)) return;
  const nlohmann::json& list = fields.raw(name);
  if (!list.is_array() || list.size() != 3) fields.refuse_field(name, "must be three numbers");
  for (std::size_t i = 0; i < 3; ++i) {
    if (!list[i].is_number() || !std::isfinite(list[i].get<float>())) fields.refuse_field(name, "must be three numbers");
    values[i] = list[i].get<float>();
  }
}

std::int64_t edge_of(const JsonFields& fields, const char* name) { return fields.object(name).size("longest_edge", kMaxEdge); }

}  // namespace

std::string model_type_of(const nlohmann::json& json, const std::string& context) {
  const JsonFields fields(json, context);
  const std::string type = fields.text("model_type", "");
  if (type.empty()) refuse(context, "model_type is missing");
  return type;
}

ModelConfig parse_model_config(const nlohmann::json& json, const std::string& context) {
  const JsonFields fields(json, context);
  const std::string type = model_type_of(json, context);
  ModelConfig config;
  if (type == "llama") {
    config.text = parse_text(fields);
    return config;
  }
  if (type != "smolvlm" && type != "idefics3") refuse(context, "model_type is not supported: " + type);
  config.kind = ModelKind::kSmolVlm;
  config.text = parse_text(fields.object("text_config"));
  config.vision = parse_vision(fields.object("vision_config"));
  config.scale_factor = fields.size("scale_factor", 64, 2);
  if (config.vision.patches_per_side() % config.scale_factor != 0) {
    refuse(context, "patches per side (" + std::to_string(config.vision.patches_per_side()) + ") are not divisible by scale_factor (" +
                        std::to_string(config.scale_factor) + ")");
  }
  config.image_token_id = fields.whole("image_token_id", 0, INT64_MAX);
  if (config.image_token_id >= config.text.vocab_size) {
    refuse(context, "image_token_id (" + std::to_string(config.image_token_id) + ") is outside the vocabulary (" +
                        std::to_string(config.text.vocab_size) + ")");
  }
  return config;
}

PreprocessorConfig parse_preprocessor_config(const nlohmann::json& json, const VisionConfig& vision, const std::string& context) {
  const JsonFields root(json, context);
  if (root.has("image_processor")) {
    const std::string inner = context + ": image_processor";
    return parse_preprocessor_config(json.at("image_processor"), vision, inner);
  }
  PreprocessorConfig config;
  config.tile = root.has("max_image_size") ? edge_of(root, "max_image_size") : vision.image_size;
  if (config.tile != vision.image_size) {
    refuse(context, "max_image_size.longest_edge (" + std::to_string(config.tile) + ") differs from the vision image_size (" +
                        std::to_string(vision.image_size) + ")");
  }
  static const nlohmann::json kNothing = nlohmann::json::object();
  const JsonFields video = root.has("video_sampling") ? root.object("video_sampling") : JsonFields(kNothing, context);
  if (root.has("size")) {
    config.longest_edge = edge_of(root, "size");
    config.video_longest_edge = config.longest_edge;
  } else {
    config.longest_edge = 4 * vision.image_size;
    config.video_longest_edge = video.has("video_size") ? edge_of(video, "video_size") : config.longest_edge;
  }
  config.video_fps = video.positive("fps", 1.0);
  config.video_max_frames = video.size("max_frames", 100'000, 64);
  config.split = root.flag("do_image_splitting", true);
  const std::int64_t filter = root.whole("resample", 0, 5, 1);
  if (filter != 1 && filter != 3)
    root.refuse_field("resample", "is not supported: " + std::to_string(filter) + " (1 is Lanczos, 3 bicubic)");
  config.lanczos = filter == 1;
  config.rescale = root.positive("rescale_factor", 1.0 / 255);
  read_three(root, "image_mean", config.mean);
  read_three(root, "image_std", config.deviation);
  for (const float value : config.deviation) {
    if (value == 0) root.refuse_field("image_std", "must not be 0");
  }
  return config;
}

GenerationConfig parse_generation_config(const nlohmann::json& json, std::int64_t vocab_size, const std::string& context) {
  const JsonFields fields(json, context);
  GenerationConfig config;
  if (!fields.has("eos_token_id")) return config;
  const nlohmann::json& ends = fields.raw("eos_token_id");
  const nlohmann::json list = ends.is_array() ? ends : nlohmann::json::array({ends});
  if (list.size() > 64) fields.refuse_field("eos_token_id", "lists too many tokens");
  for (const nlohmann::json& id : list) {
    if (!id.is_number_integer() || id.get<std::int64_t>() < 0 || id.get<std::int64_t>() >= vocab_size) {
      fields.refuse_field("eos_token_id", "is no token of the vocabulary");
    }
    config.end_ids.push_back(id.get<std::int64_t>());
  }
  return config;
}

BertConfig parse_bert_config(const nlohmann::json& json, const std::string& context) {
  const JsonFields fields(json, context);
  const std::string type = model_type_of(json, context);
  if (type != "bert") refuse(context, "model_type is not supported for a sentence embedder: " + type);
  BertConfig bert;
  bert.vocab_size = fields.size("vocab_size", kMaxVocabulary);
  bert.hidden_size = fields.size("hidden_size", kMaxWidth);
  bert.intermediate_size = fields.size("intermediate_size", kMaxInner);
  bert.layers = fields.size("num_hidden_layers", kMaxLayers);
  bert.heads = fields.size("num_attention_heads", kMaxHeads);
  if (bert.hidden_size % bert.heads != 0) fields.refuse_field("hidden_size", "is not divisible by num_attention_heads");
  bert.max_positions = fields.size("max_position_embeddings", kMaxPositions);
  bert.type_vocab_size = fields.size("type_vocab_size", 1024, 2);
  bert.layer_norm_eps = fields.positive("layer_norm_eps", 1e-12);
  const std::string act = fields.text("hidden_act", "gelu");
  if (act != "gelu") fields.refuse_field("hidden_act", "is not supported: " + act);
  const std::string positions = fields.text("position_embedding_type", "absolute");
  if (positions != "absolute") fields.refuse_field("position_embedding_type", "is not supported: " + positions);
  bert.max_seq_length = bert.max_positions;
  return bert;
}

std::vector<float> rope_frequencies(const TextConfig& text) {
  std::vector<float> frequencies(static_cast<std::size_t>(text.head_dim / 2));
  const auto theta = static_cast<float>(text.rope_theta);
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(text.head_dim);
    frequencies[i] = 1.0F / std::pow(theta, exponent);
  }
  if (!text.rope_scaling) return frequencies;
  // Llama 3.1: long waves are stretched by the factor, short ones stay, those between are blended.
  const RopeScaling& rope = *text.rope_scaling;
  const auto context = static_cast<double>(rope.original_max_position_embeddings);
  for (float& frequency : frequencies) {
    const double wavelength = 2 * std::numbers::pi / static_cast<double>(frequency);
    if (wavelength < context / rope.high_freq_factor) continue;
    if (wavelength > context / rope.low_freq_factor) {
      frequency = static_cast<float>(static_cast<double>(frequency) / rope.factor);
      continue;
    }
    const double smooth = (context / wavelength - rope.low_freq_factor) / (rope.high_freq_factor - rope.low_freq_factor);
    frequency = static_cast<float>((1 - smooth) * static_cast<double>(frequency) / rope.factor + smooth * static_cast<double>(frequency));
  }
  return frequencies;
}

}  // namespace reelgraph::captioner::local
