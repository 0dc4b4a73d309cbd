#include "captioner/local/model_folder.h"

#include <map>

#include "tests/captioner/local/fixtures.h"

namespace reelgraph::test {
namespace {

using namespace captioner::local;

/// base/ of the bad models, with the files of one case over it.
void lay_out(const std::filesystem::path& bad, const std::string& name, const nlohmann::json& removed, const std::filesystem::path& to) {
  std::filesystem::copy(bad / "base", to, std::filesystem::copy_options::recursive);
  std::filesystem::permissions(to, std::filesystem::perms::owner_all);
  for (const nlohmann::json& file : removed) std::filesystem::remove(to / file.get<std::string>());
  for (const auto& entry : std::filesystem::directory_iterator(bad / "folders" / name)) {
    const std::filesystem::path target = to / entry.path().filename();
    std::filesystem::remove(target);
    std::filesystem::copy_file(entry.path(), target);
  }
}

const std::map<std::string, std::vector<std::string>>& reasons() {
  static const std::map<std::string, std::vector<std::string>> map{
      {"shard_parent_dir", {"index.json", ".."}},
      {"shard_absolute", {"index.json", "absolute"}},
      {"shard_subfolder", {"index.json", "holds a /"}},
      {"shard_backslash", {"index.json", "holds a \\"}},
      {"shard_missing", {"model-00009-of-00009.safetensors", "missing"}},
      {"shard_nul", {"index.json", "NUL"}},
      {"index_not_object", {"weight_map", "missing or not an object"}},
      {"index_truncated", {"index.json", "not JSON"}},
      {"no_weights", {"neither model.safetensors nor model.safetensors.index.json"}},
      {"index_names_absent_tensor", {"lacks tensor", "promises"}},
      {"tensor_missing", {"tensor missing: model.text_model.layers.0.mlp.down_proj.weight"}},
      {"tensor_extra", {"tensor not expected: model.text_model.layers.7.mlp.up_proj.weight"}},
      {"tensor_misshaped", {"shape of model.text_model.layers.0.mlp.down_proj.weight", "the configuration says [16, 16]"}},
      {"tensor_wrong_rank", {"rank of model.text_model.layers.0.mlp.down_proj.weight is 1"}},
      {"tensor_integer", {"dtype I32 of model.text_model.layers.0.mlp.down_proj.weight", "not accepted for a weight"}},
      {"tensor_nan", {"values of model.text_model.layers.0.mlp.down_proj.weight are not finite"}},
      {"tensor_in_two_shards", {"stored in two shards", "model."}},
      {"config_hidden_huge", {"text_config.hidden_size is out of range"}},
      {"config_layers_huge", {"text_config.num_hidden_layers is out of range"}},
      {"config_vocab_huge", {"text_config.vocab_size is out of range"}},
      {"config_hidden_negative", {"text_config.hidden_size must be positive"}},
      {"config_hidden_string", {"text_config.hidden_size must be an integer"}},
      {"config_hidden_fraction", {"text_config.hidden_size must be an integer"}},
      {"config_heads_zero", {"text_config.num_attention_heads must be positive"}},
      {"config_heads_do_not_divide", {"head_dim is absent", "hidden_size", "not divisible by num_attention_heads"}},
      {"config_kv_heads_do_not_divide", {"num_attention_heads", "not divisible by num_key_value_heads"}},
      {"config_head_dim_odd", {"head_dim must be even for rotary embeddings"}},
      {"config_vision_heads_do_not_divide", {"vision_config.hidden_size", "not divisible by its num_attention_heads"}},
      {"config_rope_theta_missing", {"rope_theta is missing"}},
      {"config_rope_theta_zero", {"rope_theta must be positive"}},
      {"config_rope_scaling_unknown", {"rope_scaling type is not supported: yarn"}},
      {"config_patch_zero", {"patch_size must be positive"}},
      {"config_patch_larger_than_image", {"patch_size", "larger than image_size"}},
      {"config_scale_does_not_divide", {"patches per side", "not divisible by scale_factor"}},
      {"config_scale_zero", {"scale_factor must be positive"}},
      {"config_model_type_other", {"model_type is not supported: llava"}},
      {"config_activation_unknown", {"vision_config.hidden_act is not supported"}},
      {"config_text_config_missing", {"text_config is missing"}},
      {"config_image_token_out_of_range", {"image_token_id", "outside the vocabulary"}},
      {"config_image_token_differs", {"image_token_id", "is not the id of <image> in tokenizer.json"}},
      {"config_not_json", {"config.json", "not JSON"}},
      {"config_deep", {"config.json", "nested too deep"}},
      {"tokenizer_truncated", {"tokenizer.json", "not JSON"}},
      {"tokenizer_deep", {"tokenizer.json", "nested too deep"}},
      {"tokenizer_merge_unknown", {"merge", "refers to a token that the vocabulary lacks"}},
      {"tokenizer_merge_result_unknown", {"merge", "makes a token that the vocabulary lacks"}},
      {"tokenizer_merge_malformed", {"merge", "not a pair"}},
      {"tokenizer_id_clash", {"two tokens share one id"}},
      {"tokenizer_added_id_clash", {"added token takes the id of another token"}},
      {"tokenizer_id_negative", {"is negative"}},
      {"tokenizer_id_beyond_vocabulary", {"10000000", "beyond"}},
      {"tokenizer_image_token_missing", {"special token <image> missing"}},
      {"tokenizer_added_empty", {"empty", "would match everywhere"}},
      {"tokenizer_type_wordpiece", {"not supported", "WordPiece"}},
      {"tokenizer_pre_tokenizer_unknown", {"pre_tokenizer", "not supported: Metaspace"}},
      {"tokenizer_vocab_not_object", {"model.vocab is not an object"}},
      {"preprocessor_huge", {"max_image_size"}},
      {"preprocessor_zero", {"size.longest_edge must be positive"}},
      {"preprocessor_std_zero", {"image_std must not be 0"}}};
  return map;
}

}  // namespace

TEST_CASE("sound folders open and say what they hold", "[model_folder]") {
  const auto fixtures = shared("fixtures");
  if (!fixtures) return;
  const ModelFolder single = ModelFolder::open(*fixtures / "smolvlm-tiny");
  CHECK(single.config.image_seq_len() == 16);
  CHECK(single.dtype() == DType::kF32);
  CHECK(single.generation.end_ids == std::vector<std::int64_t>{1427});
  const ModelFolder sharded = ModelFolder::open(*fixtures / "smolvlm-tiny-bf16");
  CHECK(sharded.dtype() == DType::kBF16);
  CHECK(sharded.parameters() == single.parameters());
  const ModelFolder tied = ModelFolder::open(*fixtures / "smolvlm-tiny-tied");
  CHECK(tied.config.vision.layers == 12);
  CHECK(tied.config.text.kv_heads == 4);
  CHECK(tied.config.text.head_dim == 16);
  CHECK(tied.config.text.rope_theta == 130000);
  CHECK(ModelFolder::open(*fixtures / "bad_models" / "base").config.text.layers == 1);
}

TEST_CASE("a sentence embedder's folder opens with its pooling and length", "[model_folder]") {
  const auto folder = shared("fixtures/bert-tiny");
  if (!folder) return;
  const EmbedderFolder embedder = EmbedderFolder::open(*folder);
  CHECK(embedder.config.max_seq_length == 64);
  CHECK(embedder.config.pool_mean);
  CHECK(embedder.config.normalize);
  CHECK(embedder.encode("").size() == 2);
}

TEST_CASE("every hostile folder of the fixtures is refused with file, place and cure", "[model_folder]") {
  const auto bad = shared("fixtures/bad_models");
  if (!bad) return;
  const nlohmann::json manifest = read_json(*bad / "manifest.json");
  for (const auto& item : manifest.at("folders").items()) {
    TempDir dir;
    const std::filesystem::path folder = dir / "model";
    lay_out(*bad, item.key(), item.value().at("removed"), folder);
    INFO(item.key() << ": " << item.value().at("must_report"));
    const base::Error error = error_of([&] { (void)ModelFolder::open(folder); });
    INFO(error.what());
    CHECK(error.code() == base::ErrorCode::kModel);
    CHECK_FALSE(error.cure().empty());
    CHECK_FALSE(error.context().empty());
    const auto expected = reasons().find(item.key());
    REQUIRE(expected != reasons().end());
    for (const std::string& word : expected->second) CHECK_THAT(error.what(), Contains(word));
  }
}

TEST_CASE("weights without the model prefix are the same weights", "[model_folder]") {
  const auto folder = shared("fixtures/bad_models/base");
  if (!folder) return;
  const Weights weights = Weights::open(*folder);
  // One file with the shortened names: header and data anew.
  nlohmann::json header;
  std::string data;
  for (const auto& [name, entry] : weights.tensors()) {
    const std::size_t begin = data.size();
    data.append(reinterpret_cast<const char*>(entry.view.data.data()), entry.view.data.size());
    header[name.starts_with("model.") ? name.substr(6) : name] = {
        {"dtype", name_of(entry.view.dtype)}, {"shape", entry.view.shape}, {"data_offsets", {begin, data.size()}}};
  }
  // Offsets follow the order of names above, so the layout has no gaps.
  const std::string text = header.dump();
  const std::uint64_t length = text.size();
  TempDir dir;
  std::filesystem::copy(*folder, dir / "model", std::filesystem::copy_options::recursive);
  std::filesystem::permissions(dir / "model", std::filesystem::perms::owner_all);
  write_file(dir / "model" / "model.safetensors", std::string(reinterpret_cast<const char*>(&length), 8) + text + data);
  CHECK(ModelFolder::open(dir / "model").tensors.size() == weights.tensors().size());
}

TEST_CASE("rotary frequencies are scaled as Llama 3.1 does", "[model_folder]") {
  TextConfig text;
  text.head_dim = 8;
  text.rope_theta = 500000;
  const std::vector<float> plain = rope_frequencies(text);
  CHECK(plain[0] == 1.0F);
  CHECK(plain[2] == Approx(1 / std::sqrt(500000.0)));
  text.rope_scaling = RopeScaling{8, 1, 4, 8192};
  const std::vector<float> scaled = rope_frequencies(text);
  CHECK(scaled[0] == plain[0]);                                                    // wavelength 6: short, stays
  CHECK(scaled[1] == plain[1]);                                                    // 167
  const double wavelength = 2 * 3.14159265358979 / static_cast<double>(plain[2]);  // 4443: between 2048 and 8192
  const double smooth = (8192 / wavelength - 1) / 3;
  CHECK(scaled[2] == Approx((1 - smooth) * static_cast<double>(plain[2]) / 8 + smooth * static_cast<double>(plain[2])));
  CHECK(scaled[3] == Approx(plain[3] / 8));  // 118142: long, stretched
}

}  // namespace reelgraph::test
