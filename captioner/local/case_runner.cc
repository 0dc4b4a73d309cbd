#include "captioner/local/case_runner.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "captioner/local/case_files.h"
#include "captioner/local/json_file.h"
#include "captioner/local/language_model.h"
#include "captioner/local/picture_file.h"
#include "captioner/local/resize.h"

namespace reelgraph::captioner::local {
namespace {

using Ids = std::vector<std::int64_t>;

// Tolerances of the reference fixtures: several times the reference's own numeric noise.
constexpr double kActivationAbsolute = 1e-4, kActivationRelative = 1e-4;
constexpr double kLogits = 2e-4, kBf16Logits = 0.5, kTrainedLogits = 1e-3;
constexpr double kEmbedding = 1e-5, kBf16Cosine = 1e-3;
constexpr double kSafeMargin = 0.005;  ///< below it the winner of a step may differ

struct Difference {
  double max_error = 0;
  bool ok = true;
};

Difference compare(std::span<const float> ours, std::span<const float> theirs, double absolute, double relative = 0) {
  Difference difference;
  difference.ok = ours.size() == theirs.size() && !ours.empty();
  for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
    const double off = std::abs(static_cast<double>(ours[i]) - static_cast<double>(theirs[i]));
    difference.max_error = std::max(difference.max_error, off);
    difference.ok &= off <= absolute + relative * std::abs(static_cast<double>(theirs[i]));  // false for NaN
  }
  return difference;
}

std::int64_t places_that_differ(const Ids& ours, const Ids& theirs) {
  const std::size_t shorter = std::min(ours.size(), theirs.size());
  auto differ = static_cast<std::int64_t>(std::max(ours.size(), theirs.size()) - shorter);
  for (std::size_t i = 0; i < shorter; ++i) differ += ours[i] != theirs[i] ? 1 : 0;
  return differ;
}

/// One run over one folder of cases; keeps what several cases share.
class Runner {
 public:
  explicit Runner(const CaseRun& run) : run_(run) {}

  void tokenizer_cases(const std::filesystem::path& file);
  void streaming_cases(const std::filesystem::path& file);
  void resize_cases(const std::filesystem::path& file);
  void size_cases(const std::filesystem::path& file);
  void embedding_cases(const nlohmann::json& expected);
  void llama_cases(const nlohmann::json& expected);
  void smolvlm_case(const std::filesystem::path& folder);

 private:
  const Tokenizer& tokenizer() {
    if (!tokenizer_) tokenizer_ = Tokenizer::load(run_.model / "tokenizer.json");
    return *tokenizer_;
  }
  const TorchPlugin& plugin() {
    if (!plugin_) plugin_ = run_.plugin();
    return *plugin_;
  }
  LanguageModel& model() {
    if (!model_) model_ = std::make_unique<LanguageModel>(plugin(), run_.model, run_.options);
    return *model_;
  }
  LanguageModel& bf16_model() {
    RunOptions options = run_.options;
    options.dtype = "bf16";
    if (!bf16_model_) bf16_model_ = std::make_unique<LanguageModel>(plugin(), run_.model, options);
    return *bf16_model_;
  }
  [[nodiscard]] bool bf16() const { return run_.options.dtype == "bf16"; }

  void tell(const std::string& name, const char* stage, const std::string& variant, double error, bool ok, const std::string& detail = {}) {
    run_.report({name, stage, variant, error, ok, detail});
  }
  void tell_ids(const std::string& name, const char* stage, const std::string& variant, const Ids& ours, const Ids& theirs) {
    const std::int64_t differ = places_that_differ(ours, theirs);
    tell(name, stage, variant, static_cast<double>(differ), differ == 0);
  }

  void pixels_stage(const RecordedCase& recorded);
  void vision_stage(const RecordedCase& recorded);
  void logits_stage(const RecordedCase& recorded, ModelPrompt& prompt);
  [[nodiscard]] std::optional<std::vector<float>> features(const RecordedCase& recorded, const std::string& path, PositionIds positions,
                                                           LanguageModel& model);

  const CaseRun& run_;
  std::optional<Tokenizer> tokenizer_;
  std::optional<TorchPlugin> plugin_;
  std::unique_ptr<LanguageModel> model_, bf16_model_;
};

void Runner::tokenizer_cases(const std::filesystem::path& file) {
  int number = 0;
  for (const nlohmann::json& line : read_json_lines(file)) {
    const std::string name = file.filename().string() + ":" + std::to_string(++number);
    const std::string text = line.at("text");
    const Ids ids = line.at("ids").get<Ids>();
    tell_ids(name, "tokenizer", "encode", tokenizer().encode(text, SpecialMatching::kAllowed), ids);
    if (line.contains("ids_matching_off")) {
      tell_ids(name, "tokenizer", "encode.matching_off", tokenizer().encode(text, SpecialMatching::kNever),
               line["ids_matching_off"].get<Ids>());
    }
    for (const auto& [key, keep] : {std::pair("decoded", true), std::pair("decoded_no_specials", false)}) {
      if (!line.contains(key)) continue;
      const bool same = tokenizer().decode(ids, keep) == line[key].get<std::string>();
      tell(name, "tokenizer", key, same ? 0 : 1, same);
    }
  }
}

void Runner::streaming_cases(const std::filesystem::path& file) {
  int number = 0;
  for (const nlohmann::json& line : read_json_lines(file)) {
    StreamDecoder decoder(tokenizer());
    std::vector<std::string> pieces;
    for (const std::int64_t id : line.at("ids").get<Ids>()) pieces.push_back(decoder.push(id));
    const bool same =
        pieces == line.at("pieces").get<std::vector<std::string>>() && decoder.finish() == line.value("at_end", std::string());
    tell(file.filename().string() + ":" + std::to_string(++number), "tokenizer", "streaming", same ? 0 : 1, same);
  }
}

void Runner::resize_cases(const std::filesystem::path& file) {
  for (const nlohmann::json& line : read_json_file(file)) {
    const std::string input = line.at("input"), output = line.at("output"), filter = line.at("filter");
    const base::Image expected = without_alpha(read_png(file.parent_path() / output));
    const base::Image ours = resize(without_alpha(read_png(file.parent_path() / input)), {expected.width, expected.height},
                                    filter == "lanczos" ? Filter::kLanczos : Filter::kBicubic);
    int worst = 0;
    for (std::size_t i = 0; i < ours.pixels.size(); ++i) worst = std::max(worst, std::abs(int{ours.pixels[i]} - int{expected.pixels[i]}));
    tell(input, "resize", filter, worst, worst == 0);
  }
}

void Runner::size_cases(const std::filesystem::path& file) {
  int number = 0;
  for (const nlohmann::json& line : read_json_lines(file)) {
    const base::Size size{line.at("width"), line.at("height")};
    const TileGrid grid = tile_grid(size, line.at("longest_edge"), line.at("tile"));
    const base::Size video = video_frame_size(size, line.at("longest_edge"));
    const Ids ours{grid.resized.width, grid.resized.height, grid.canvas.width, grid.canvas.height,
                   grid.rows,          grid.cols,           video.width,       video.height};
    Ids theirs;
    for (const char* key : {"resized_wh", "canvas_wh", "rows_cols", "video_resized_wh"}) {
      for (const std::int64_t value : line.at(key).get<Ids>()) theirs.push_back(value);
    }
    tell_ids(file.filename().string() + ":" + std::to_string(++number), "resize", "sizes", ours, theirs);
  }
}

void Runner::embedding_cases(const nlohmann::json& expected) {
  LocalEmbedder embedder(plugin(), run_.model, run_.options);
  std::vector<std::string> texts;
  for (const nlohmann::json& line : expected.at("cases")) texts.push_back(line.at("text").get<std::string>());
  const std::vector<float> vectors = embedder.encode(texts);  // in one batch, as in real use: padding must not change anything
  const std::size_t dim = embedder.dim();
  std::size_t number = 0;
  for (const nlohmann::json& line : expected.at("cases")) {
    const std::string name = "case_" + std::to_string(number);
    tell_ids(name, "tokenizer", "", embedder.folder().encode(texts[number]), line.at("ids").get<Ids>());
    const std::vector<float> theirs = line.contains("embedding") ? line["embedding"].get<std::vector<float>>()
                                                                 : floats_from_base64(line.at("embedding_f32_base64").get<std::string>());
    const std::span<const float> ours(vectors.data() + number * dim, dim);
    ++number;
    if (!bf16()) {
      const Difference difference = compare(ours, theirs, kEmbedding);
      tell(name, "embedding", "", difference.max_error, difference.ok);
      continue;
    }
    double dot = 0, a = 0, b = 0;
    for (std::size_t i = 0; i < std::min(dim, theirs.size()); ++i) {
      dot += static_cast<double>(ours[i]) * static_cast<double>(theirs[i]);
      a += static_cast<double>(ours[i]) * static_cast<double>(ours[i]);
      b += static_cast<double>(theirs[i]) * static_cast<double>(theirs[i]);
    }
    const double off = 1 - dot / std::sqrt(a * b);
    tell(name, "embedding", "bf16.cosine", off, off <= kBf16Cosine);
  }
}

void Runner::llama_cases(const nlohmann::json& expected) {
  const char* weights = model().folder().dtype() == DType::kF32 ? "weights_f32" : "weights_bf16";
  int number = 0;
  for (const nlohmann::json& line : expected.at("cases")) {
    const std::string name = "case_" + std::to_string(number++);
    const std::string text = line.at("prompt");
    ModelPrompt prompt;
    prompt.ids = line.at("input_ids").get<Ids>();
    tell_ids(name, "ids", "", model().folder().tokenizer.encode(text, SpecialMatching::kAllowed), prompt.ids);
    if (!line.contains(weights)) continue;
    const nlohmann::json& reference = line[weights];
    const std::vector<float> logits = model().logits(prompt);
    std::vector<float> ours;
    for (const std::int64_t id : reference.at("top20_ids").get<Ids>()) {
      ours.push_back(id >= 0 && static_cast<std::size_t>(id) < logits.size() ? logits[static_cast<std::size_t>(id)] : std::nanf(""));
    }
    const Difference difference = compare(ours, reference.at("top20_logits").get<std::vector<float>>(), bf16() ? 1.0 : kTrainedLogits);
    tell(name, "logits", weights, difference.max_error, difference.ok);
    if (bf16()) continue;
    Ids theirs = reference.at("generated_ids").get<Ids>();
    Ids generated = model().generate_greedily(prompt, expected.value("max_new_tokens", std::int64_t{48})).ids;
    const auto margins = reference.at("step_margins").get<std::vector<double>>();
    const auto unsure = static_cast<std::size_t>(
        std::find_if(margins.begin(), margins.end(), [](double margin) { return margin < kSafeMargin; }) - margins.begin());
    if (unsure < margins.size()) {
      theirs.resize(std::min(theirs.size(), unsure));
      generated.resize(std::min(generated.size(), unsure));
    }
    tell_ids(name, "generated", weights, generated, theirs);
  }
}

void Runner::pixels_stage(const RecordedCase& recorded) {
  for (const std::string path : {"pil", "tensor"}) {
    if (!recorded.expected.contains("pixels_u8." + path)) continue;
    const bool pil = path == "pil", video = recorded.mode == "video";
    const std::vector<base::Image> ours = recorded.tiles(pil), theirs = recorded.stored_tiles(path);
    int worst = 0;
    double sum = 0, count = 0;
    bool ok = ours.size() == theirs.size();
    for (std::size_t t = 0; ok && t < ours.size(); ++t) {
      ok = ours[t].pixels.size() == theirs[t].pixels.size();
      for (std::size_t i = 0; ok && i < ours[t].pixels.size(); ++i) {
        const int off = std::abs(int{ours[t].pixels[i]} - int{theirs[t].pixels[i]});
        worst = std::max(worst, off);
        sum += off;
        count += 1;
      }
    }
    const int allowed = pil ? 0 : video ? 1 : 20;
    ok = ok && worst <= allowed && sum <= count * (video ? 0.02 : 0.5);
    tell(recorded.name, "pixels", path, worst, ok);
  }
  if (recorded.expected.contains("pixel_values")) {
    const std::vector<float> ours = model().pixel_values(recorded.stored_tiles(recorded.pixel_path));
    const Difference difference = compare(ours, to_float(recorded.expected.at("pixel_values")), 1e-6);
    tell(recorded.name, "pixels", "values", difference.max_error, difference.ok);
  }
}

void Runner::vision_stage(const RecordedCase& recorded) {
  if (bf16() || recorded.pixel_path.empty()) return;
  for (const auto& [position, ids] : {std::pair("identity", PositionIds::kIdentity), std::pair("clamped", PositionIds::kClamped)}) {
    const std::string vision_name = std::string("vision.") + position, connector_name = std::string("connector.") + position;
    std::vector<float> vision;
    const bool pixels_known = recorded.expected.contains("pixels_u8." + recorded.pixel_path);
    if (recorded.expected.contains(vision_name) && pixels_known) {
      vision = model().vision(model().pixel_values(recorded.stored_tiles(recorded.pixel_path)), ids);
      const std::vector<float> theirs = to_float(recorded.expected.at(vision_name));
      const Difference difference = compare(vision, theirs, kActivationAbsolute, kActivationRelative);
      tell(recorded.name, "vision", position, difference.max_error, difference.ok);
      vision = theirs;  // the connector is judged by itself
    }
    if (!recorded.expected.contains(connector_name)) continue;
    if (vision.empty() && pixels_known) vision = model().vision(model().pixel_values(recorded.stored_tiles(recorded.pixel_path)), ids);
    if (vision.empty()) continue;
    const Difference difference =
        compare(model().connect(vision), to_float(recorded.expected.at(connector_name)), kActivationAbsolute, kActivationRelative);
    tell(recorded.name, "connector", position, difference.max_error, difference.ok);
  }
}

/// Connector rows of a case's pictures; nothing if the pixels of that path are neither stored nor ours to the byte.
std::optional<std::vector<float>> Runner::features(const RecordedCase& recorded, const std::string& path, PositionIds positions,
                                                   LanguageModel& model) {
  std::vector<base::Image> tiles;
  if (recorded.expected.contains("pixels_u8." + path)) {
    tiles = recorded.stored_tiles(path);
  } else if (path == "pil") {
    tiles = recorded.tiles(true);
  } else {
    return std::nullopt;
  }
  return model.connect(model.vision(model.pixel_values(tiles), positions));
}

void Runner::logits_stage(const RecordedCase& recorded, ModelPrompt& prompt) {
  struct Variant {
    std::string name, path;
    PositionIds positions = PositionIds::kIdentity;
    bool half = false;
  };
  std::vector<Variant> variants;
  for (const bool half : {false, true}) {
    variants.push_back({"text", "", PositionIds::kIdentity, half});
    for (const char* path : {"pil", "tensor"}) {
      variants.push_back({std::string(path) + ".identity", path, PositionIds::kIdentity, half});
      variants.push_back({std::string(path) + ".clamped", path, PositionIds::kClamped, half});
    }
  }
  for (const Variant& variant : variants) {
    const std::string last = (variant.half ? "logits_last_bf16." : "logits_last.") + variant.name;
    if (!recorded.expected.contains(last)) continue;
    LanguageModel& runtime = variant.half ? bf16_model() : model();
    const bool exact = !variant.half && !bf16();
    if (!variant.path.empty()) {
      std::optional<std::vector<float>> rows = features(recorded, variant.path, variant.positions, runtime);
      if (!rows) continue;
      prompt.features = std::move(*rows);
    }
    const std::string label = (variant.half ? "bf16." : "") + variant.name;
    const std::vector<float> reference = to_float(recorded.expected.at(last));
    const Difference difference = compare(runtime.logits(prompt), reference, exact ? kLogits : kBf16Logits);
    tell(recorded.name, "logits", label, difference.max_error, difference.ok);
    if (!exact) continue;
    if (recorded.expected.contains("logits_all." + variant.name)) {
      const Difference all = compare(runtime.logits(prompt, true), to_float(recorded.expected.at("logits_all." + variant.name)), kLogits);
      tell(recorded.name, "logits", "all." + label, all.max_error, all.ok);
    }
    if (!recorded.expected.contains("generated." + variant.name)) continue;
    const Generated reply = runtime.generate_greedily(prompt, recorded.max_new_tokens);
    tell_ids(recorded.name, "generated", label, reply.ids, to_int64(recorded.expected.at("generated." + variant.name)));
    if (!recorded.expected.contains("step_max." + variant.name)) continue;
    const Difference steps = compare(reply.step_max, to_float(recorded.expected.at("step_max." + variant.name)), kLogits);
    tell(recorded.name, "generated", "step_max." + label, steps.max_error, steps.ok);
  }
}

void Runner::smolvlm_case(const std::filesystem::path& folder) {
  const RecordedCase recorded = RecordedCase::open(folder);
  const ModelConfig& config = model().folder().config;
  if (!recorded.frames.empty()) {
    if (config.kind != ModelKind::kSmolVlm) refuse(run_.model.string(), "has no vision tower, and case " + recorded.name + " has pictures");
    pixels_stage(recorded);
    vision_stage(recorded);
  }
  const SpecialMatching special = recorded.special_matching ? SpecialMatching::kAllowed : SpecialMatching::kNever;
  const std::vector<PromptPiece> pieces = PromptTemplate(static_cast<int>(config.image_seq_len())).pieces(recorded.messages);
  const EncodedPrompt encoded = encode_prompt(model().folder().tokenizer, pieces, special);
  const Ids reference = to_int64(recorded.expected.at("input_ids"));
  tell_ids(recorded.name, "ids", "", encoded.ids, reference);
  if (encoded.ids != reference) return;
  ModelPrompt prompt{reference, encoded.image_positions, {}};
  logits_stage(recorded, prompt);
}

}  // namespace

void run_cases(const CaseRun& run) {
  Runner runner(run);
  int kinds = 0;
  std::error_code error;
  const auto with = [&](const char* name, auto work) {
    const std::filesystem::path file = run.cases / name;
    if (!std::filesystem::exists(file, error)) return;
    ++kinds;
    try {
      work(file);
    } catch (const nlohmann::json::exception& failure) {
      refuse(file.string(), std::string("is no file of recorded cases: ") + failure.what());
    }
  };
  with("cases.jsonl", [&](const auto& file) { runner.tokenizer_cases(file); });
  with("streaming.jsonl", [&](const auto& file) { runner.streaming_cases(file); });
  with("cases.json", [&](const auto& file) { runner.resize_cases(file); });
  with("sizes.jsonl", [&](const auto& file) { runner.size_cases(file); });
  with("expected.json", [&](const auto& file) {
    const nlohmann::json expected = read_json_file(file);
    if (expected.at("cases").at(0).contains("prompt")) {
      runner.llama_cases(expected);
    } else {
      runner.embedding_cases(expected);
    }
  });
  for (const std::filesystem::path& folder : find_recorded_cases(run.cases)) {
    ++kinds;
    runner.smolvlm_case(folder);
  }
  if (kinds == 0) {
    throw base::Error(base::ErrorCode::kBadInput, "holds no recorded cases", run.cases.string(),
                      "give a folder with case.json folders, expected.json, cases.json, cases.jsonl, streaming.jsonl or sizes.jsonl");
  }
}

}  // namespace reelgraph::captioner::local
