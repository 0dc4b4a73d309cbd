#pragma once
// What a model folder's configuration files say, checked: every size in range, every divisor sound, nothing assumed that they leave open.

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace reelgraph::captioner::local {

/// Frequency scaling of Llama 3.1 (rope_type "llama3").
struct RopeScaling {
  double factor = 1;
  double low_freq_factor = 1;
  double high_freq_factor = 4;
  std::int64_t original_max_position_embeddings = 8192;
};

/// Llama decoder.
struct TextConfig {
  std::int64_t vocab_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;     ///< query heads
  std::int64_t kv_heads = 0;  ///< divides `heads`
  std::int64_t head_dim = 0;  ///< even
  std::int64_t max_positions = 0;
  double rms_norm_eps = 1e-6;
  double rope_theta = 0;
  std::optional<RopeScaling> rope_scaling;
};

/// SigLIP-like tower over square tiles.
struct VisionConfig {
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t image_size = 0;  ///< tile side, pixels
  std::int64_t patch_size = 0;  ///< patch side, pixels
  double layer_norm_eps = 1e-6;
  bool gelu_tanh = true;  ///< else the exact (erf) GELU
  [[nodiscard]] std::int64_t patches_per_side() const { return image_size / patch_size; }
};

enum class ModelKind { kSmolVlm, kLlama };

struct ModelConfig {
  ModelKind kind = ModelKind::kLlama;
  TextConfig text;
  // SmolVLM only.
  VisionConfig vision;
  std::int64_t scale_factor = 1;     ///< of the pixel shuffle; divides the patches per side
  std::int64_t image_token_id = -1;  ///< of <image>
  /// Rows of the connector for one tile.
  [[nodiscard]] std::int64_t image_seq_len() const {
    const std::int64_t side = vision.patches_per_side() / scale_factor;
    return side * side;
  }
};

/// How pictures are brought to tiles (preprocessor_config.json).
struct PreprocessorConfig {
  std::int64_t longest_edge = 0;        ///< first resize of stills and, where the file has `size`, of video frames; pixels
  std::int64_t video_longest_edge = 0;  ///< first resize of video frames
  std::int64_t tile = 0;                ///< tile side, pixels; equals the vision tower's image_size
  bool split = true;                    ///< stills are cut into tiles
  bool lanczos = true;                  ///< stills: Lanczos, else bicubic
  double rescale = 1.0 / 255;
  float mean[3] = {0.5F, 0.5F, 0.5F};
  float deviation[3] = {0.5F, 0.5F, 0.5F};
  double video_fps = 1;
  std::int64_t video_max_frames = 64;
};

struct GenerationConfig {
  std::vector<std::int64_t> end_ids;  ///< any of them ends the reply; may be empty
};

/// Sentence embedder.
struct BertConfig {
  std::int64_t vocab_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
  std::int64_t max_positions = 0;
  std::int64_t type_vocab_size = 2;
  double layer_norm_eps = 1e-12;
  bool pool_mean = true;            ///< masked mean over the tokens, else the first token
  bool normalize = false;           ///< to unit L2 norm
  std::int64_t max_seq_length = 0;  ///< tokens, [CLS] and [SEP] counted
};

/// @param context file name for errors, which name file and field
/// @throws base::Error kModel
[[nodiscard]] ModelConfig parse_model_config(const nlohmann::json& json, const std::string& context);
[[nodiscard]] BertConfig parse_bert_config(const nlohmann::json& json, const std::string& context);
/// `json`: the preprocessor's own object, or a processor_config.json that nests it as "image_processor".
[[nodiscard]] PreprocessorConfig parse_preprocessor_config(const nlohmann::json& json, const VisionConfig& vision,
                                                           const std::string& context);
[[nodiscard]] GenerationConfig parse_generation_config(const nlohmann::json& json, std::int64_t vocab_size, const std::string& context);

/// "smolvlm", "llama", "bert", ...: config.json's model_type. @throws base::Error kModel
[[nodiscard]] std::string model_type_of(const nlohmann::json& json, const std::string& context);

/// Inverse frequencies of the rotary embedding, float32 [head_dim / 2]: theta^(-2i/head_dim), scaled where configured.
[[nodiscard]] std::vector<float> rope_frequencies(const TextConfig& text);

}  // namespace reelgraph::captioner::local
