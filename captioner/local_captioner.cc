#include "captioner/local_captioner.h"

#include <xxhash.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/error.h"
#include "base/observation_json.h"
#include "base/time.h"
#include "base/utf8.h"
#include "captioner/chunk_words.h"
#include "captioner/digest.h"
#include "captioner/endpoint/prompt.h"
#include "captioner/endpoint/reading.h"
#include "captioner/endpoint/schema.h"
#include "captioner/local/language_model.h"
#include "captioner/local/picture_file.h"
#include "captioner/local/resize.h"
#include "ingest/clip.h"

namespace reelgraph::captioner {
namespace {

constexpr const char* kVersion = "1";
constexpr std::size_t kMostCueText = 4000, kMostBefore = 800;  // bytes quoted into a prompt
constexpr int kMostDetailFrames = 64;
constexpr std::uint64_t kTileKey = 0x9E3779B97F4A7C15;  // a frame that is as large as a tile goes another way
constexpr std::size_t kFramesRemembered = 256;
constexpr std::int64_t kTextLimit = 120;  // tokens of one string of a reply

using Json = nlohmann::ordered_json;

std::string dump(const nlohmann::json& json) { return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

/// Connector rows of the pictures seen last, by their pixels: overlapping chunks and second looks cost no second vision pass.
class FrameCache {
 public:
  [[nodiscard]] const std::vector<float>* find(std::uint64_t key) const {
    const auto it = rows_.find(key);
    return it == rows_.end() ? nullptr : &it->second;
  }
  const std::vector<float>& add(std::uint64_t key, std::vector<float> rows) {
    if (rows_.size() >= kFramesRemembered) {
      rows_.erase(order_.front());
      order_.pop_front();
    }
    order_.push_back(key);
    return rows_[key] = std::move(rows);
  }

 private:
  std::unordered_map<std::uint64_t, std::vector<float>> rows_;
  std::deque<std::uint64_t> order_;
};

std::uint64_t key_of(const base::Image& image) {
  const std::uint64_t shape = (static_cast<std::uint64_t>(image.width) << 32) | static_cast<std::uint32_t>(image.height);
  return XXH3_64bits_withSeed(image.pixels.data(), image.pixels.size(), shape);
}

/// A JPEG or PNG file.
base::Image read_picture(const std::string& file) {
  constexpr std::uintmax_t kMostBytes = 64 << 20;
  std::error_code error;
  if (std::filesystem::is_regular_file(file, error) && std::filesystem::file_size(file, error) <= kMostBytes) {
    std::ifstream in(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (bytes.starts_with("\xFF\xD8\xFF")) return ingest::decode_jpeg(bytes, file);
  }
  return local::over_white(local::read_png(file));
}

/// `count` of them, evenly spread.
std::vector<const base::Keyframe*> spread(const std::vector<const base::Keyframe*>& frames, std::size_t count) {
  std::vector<const base::Keyframe*> chosen;
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(frames[count == 1 ? frames.size() / 2 : i * (frames.size() - 1) / (count - 1)]);
  return chosen;
}

}  // namespace

std::string local_schema(const base::Profile& profile) {
  const nlohmann::json strict = endpoint::strict_schema(profile);
  const nlohmann::json& entity = strict["properties"]["entities"]["items"]["properties"];
  const nlohmann::json& event = strict["properties"]["events"]["items"]["properties"];
  const Json text{{"type", "string"}}, words{{"type", "string"}, {"minLength", 1}}, seconds{{"type", "number"}, {"minimum", 0}};
  const auto object = [](Json properties) {
    Json required = Json::array();
    for (const auto& [name, schema] : properties.items()) required.push_back(name);
    Json whole;
    whole["type"] = "object";
    whole["properties"] = std::move(properties);
    whole["required"] = std::move(required);
    whole["additionalProperties"] = false;
    return whole;
  };
  const auto list = [](Json items, int most) { return Json{{"type", "array"}, {"items", std::move(items)}, {"maxItems", most}}; };
  constexpr int kMostEntities = 12, kMostEvents = 12, kMostParticipants = 4, kMostTexts = 8;
  Json refs = Json::array();
  for (int i = 1; i <= kMostEntities; ++i) refs.push_back("e" + std::to_string(i));
  const Json ref{{"type", "string"}, {"enum", refs}};
  Json role, one_entity, one_event, reply;
  role["ref"] = ref;
  role["role"] = event["participants"]["items"]["properties"]["role"];
  one_entity["ref"] = ref;
  one_entity["type"] = entity["type"];
  for (const char* name : {"word", "name", "description"}) one_entity[name] = text;
  one_event["type"] = event["type"];
  one_event["word"] = text;
  one_event["start"] = one_event["end"] = seconds;
  one_event["description"] = text;
  one_event["participants"] = list(object(std::move(role)), kMostParticipants);
  reply["caption"] = words;
  reply["ocr"] = list(text, kMostTexts);
  reply["entities"] = list(object(std::move(one_entity)), kMostEntities);
  reply["events"] = list(object(std::move(one_event)), kMostEvents);
  return object(std::move(reply)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

class LocalCaptioner::Shared {
 public:
  Shared(const TorchPlugin& plugin, const std::filesystem::path& folder, const base::LocalSettings& settings, base::Profile profile,
         base::LogSink log)
      : settings_(settings),
        profile_(std::move(profile)),
        log_(std::move(log)),
        words_(profile_),
        task_(endpoint::task_words(profile_)),
        schema_(local_schema(profile_)),
        model_(plugin, folder, {settings.device, settings.dtype, settings.threads, settings.adapter}),
        guide_(schema_, model_.folder().tokenizer, model_.folder().config.text.vocab_size, model_.folder().generation.end_ids) {
    if (!model_.folder().has_vision()) {
      throw base::Error(base::ErrorCode::kModel, "is a text model: it cannot look at pictures", folder.string(),
                        "use a SmolVLM folder; a text model can word answers (ask --answerer local:FOLDER)");
    }
    if (settings_.max_tokens < guide_.shortest()) {
      throw base::Error(base::ErrorCode::kInvalidArgument,
                        "--max-tokens " + std::to_string(settings_.max_tokens) + " is too few for a reply: the shortest may take " +
                            std::to_string(guide_.shortest()),
                        {}, "allow more");
    }
    local::validate(sampling());
    if (settings_.detail_frames < 0 || settings_.detail_frames > kMostDetailFrames) {
      throw base::Error(base::ErrorCode::kInvalidArgument, "--detail-frames must be 0 to " + std::to_string(kMostDetailFrames), {},
                        "each takes as many tokens as it has tiles");
    }
    guide_.set_text_limit(kTextLimit);
    identity_ = model_.folder().identity();
    nlohmann::json examples = nlohmann::json::array();
    for (const base::Example& example : profile_.examples) {
      std::vector<local::Tiles> pictures;
      nlohmann::json seen = nlohmann::json::array();
      for (const std::string& file : example.images) {
        try {
          const base::Image picture = read_picture(file);
          seen.push_back(key_of(picture));
          pictures.push_back(tiles_of(picture, false));
        } catch (const base::Error& error) {
          base::log(log_, base::LogLevel::kWarning, "a picture of the profile's examples is not shown: " + std::string(error.what()));
        }
      }
      examples.push_back({example.input, example.output, seen});
      example_pictures_.push_back(std::move(pictures));
    }
    nlohmann::json what{task_,
                        schema_,
                        examples,
                        settings_.dtype,
                        settings_.max_tokens,
                        settings_.continuity,
                        kTextLimit,
                        model_.folder().config.text.max_positions};
    if (settings_.detail_frames > 0) what.push_back({{"details", settings_.detail_frames}});
    if (settings_.temperature > 0) what.push_back({settings_.temperature, settings_.top_p, settings_.seed});
    prompt_version_ = digest(dump(what));
  }

  [[nodiscard]] base::CaptionerIdentity identity() const {
    return {.kind = "local", .model = identity_, .version = kVersion, .prompt_version = prompt_version_};
  }
  [[nodiscard]] const base::LocalSettings& settings() const { return settings_; }

  std::vector<base::CaptionResult> describe(std::span<const base::Chunk> chunks) {
    const std::lock_guard lock(mutex_);
    std::vector<base::CaptionResult> results(chunks.size());
    std::vector<Asked> asked;
    std::vector<local::ReplyRequest> requests;
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      Asked one{i, endpoint::ChunkFacts(chunks[i]), 0, 0, 0};
      std::optional<local::ModelPrompt> prompt = prompt_of(chunks[i], one);
      if (!prompt) {
        results[i].failure = "the prompt does not fit the model's context of " + std::to_string(model_.folder().config.text.max_positions) +
                             " tokens, even without pictures";
        continue;
      }
      requests.push_back({std::move(*prompt), settings_.max_tokens, &guide_, sampling()});
      // A chunk of its own draws for itself: what it says does not depend on what is described beside it.
      requests.back().sampling.seed ^= static_cast<std::uint64_t>(chunks[i].span.start);
      asked.push_back(std::move(one));
    }
    std::vector<local::Reply> replies;
    try {
      replies = model_.reply(requests);
    } catch (const base::Error& error) {
      if (error.code() != base::ErrorCode::kModel) throw;
      for (const Asked& one : asked) results[one.index].failure = error.message();
      return results;
    }
    for (std::size_t i = 0; i < asked.size(); ++i) results[asked[i].index] = read(replies[i], asked[i], requests[i]);
    return results;
  }

 private:
  struct Asked {
    std::size_t index;
    endpoint::ChunkFacts facts;
    std::size_t frames, left_out, details_left_out;
  };

  [[nodiscard]] local::Sampling sampling() const { return {settings_.temperature, settings_.top_p, settings_.seed}; }

  base::CaptionResult read(const local::Reply& reply, const Asked& asked, const local::ReplyRequest& request) const {
    base::CaptionResult result;
    result.usage.prompt_tokens = static_cast<std::int64_t>(request.prompt.ids.size());
    result.usage.completion_tokens = static_cast<std::int64_t>(reply.ids.size());
    const std::string text = model_.folder().tokenizer.decode(reply.ids, false);
    const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
    if (!reply.ended || json.is_discarded()) {
      throw base::Error(base::ErrorCode::kInternal, "a reply held to the schema is not whole: " + base::ellipsize(text, 200));
    }
    try {
      result.observation = endpoint::read_reply(json, asked.facts, words_);
    } catch (const base::Error& error) {
      result.failure = "the reply does not fit: " + error.message();
      return result;
    }
    result.observation->provenance = {"vlm", identity_, kVersion};
    if (asked.left_out > 0) {
      result.observation->attributes["frames_shown"] = asked.frames;
      result.observation->attributes["frames_left_out"] = asked.left_out;
      result.notes.push_back({asked.facts.own, "fewer_frames"});
    }
    if (asked.details_left_out > 0) result.observation->attributes["details_left_out"] = asked.details_left_out;
    return result;
  }

  /// The chunk's prompt with these frames, and some of them cut into tiles before.
  [[nodiscard]] local::EncodedPrompt encode(const base::Chunk& chunk, const std::vector<const base::Keyframe*>& frames,
                                            const std::vector<const base::Keyframe*>& details) const {
    std::vector<local::ChatMessage> messages{{"system", {}, std::nullopt, task_}};
    for (std::size_t i = 0; i < profile_.examples.size(); ++i) {
      messages.push_back({"user", std::vector<local::PromptStill>(example_pictures_[i].size()), std::nullopt,
                          "An example. " + profile_.examples[i].input});
      messages.push_back({"assistant", {}, std::nullopt, profile_.examples[i].output});
    }
    local::ChatMessage message{"user", {}, std::nullopt, {}};
    std::string at;
    for (const base::Keyframe* frame : details) {
      const local::PreprocessorConfig& config = model_.folder().preprocessor;
      const local::TileGrid grid = local::tile_grid({frame->image.width, frame->image.height}, config.longest_edge, config.tile);
      message.stills.push_back({grid.rows, grid.cols});
      at += (at.empty() ? "" : ", ") + base::seconds_text(frame->at) + " s";
    }
    if (!at.empty()) message.text = "Before the frames, these of them are shown in detail: " + at + ".\n";
    message.text += chunk_words(chunk, !frames.empty(), {.cues = kMostCueText, .before = settings_.continuity ? kMostBefore : 0});
    if (!frames.empty()) {
      message.video.emplace();
      for (const base::Keyframe* frame : frames) message.video->timestamps_s.push_back(base::to_seconds(frame->at));
      message.video->duration_s = base::to_seconds(chunk.span.end);
    }
    messages.push_back(std::move(message));
    const local::PromptTemplate chat(static_cast<int>(model_.folder().config.image_seq_len()));
    return local::encode_prompt(model_.folder().tokenizer, chat.pieces(messages));
  }

  /// With as many of the chunk's frames as fit, details given up first; nothing if not even its words do.
  std::optional<local::ModelPrompt> prompt_of(const base::Chunk& chunk, Asked& asked) {
    std::vector<const base::Keyframe*> all;
    for (const base::Keyframe& frame : chunk.keyframes) {
      if (!frame.image.empty()) all.push_back(&frame);
    }
    const std::int64_t room = model_.folder().config.text.max_positions - settings_.max_tokens;
    const std::size_t wanted = std::min(all.size(), static_cast<std::size_t>(settings_.detail_frames));
    std::size_t count = all.size(), detailed = wanted;
    while (true) {
      const std::vector<const base::Keyframe*> frames = spread(all, count), details = spread(all, detailed);
      local::EncodedPrompt encoded = encode(chunk, frames, details);
      if (static_cast<std::int64_t>(encoded.ids.size()) > room) {
        if (count == 0) return std::nullopt;
        --(detailed > 0 ? detailed : count);
        continue;
      }
      asked.frames = count;
      asked.left_out = all.size() - count;
      asked.details_left_out = wanted - detailed;
      local::ModelPrompt prompt{std::move(encoded.ids), std::move(encoded.image_positions), {}};
      const auto show = [&](const base::Image& tile) {
        const std::vector<float>& rows = rows_of_tile(tile);
        prompt.features.insert(prompt.features.end(), rows.begin(), rows.end());
      };
      for (const std::vector<local::Tiles>& pictures : example_pictures_) {
        for (const local::Tiles& picture : pictures) std::for_each(picture.images.begin(), picture.images.end(), show);
      }
      for (const base::Keyframe* frame : details) {
        const local::Tiles tiles = tiles_of(frame->image, true);
        std::for_each(tiles.images.begin(), tiles.images.end(), show);
      }
      for (const base::Keyframe* frame : frames) {
        const std::vector<float>& rows = rows_of(frame->image);
        prompt.features.insert(prompt.features.end(), rows.begin(), rows.end());
      }
      return prompt;
    }
  }

  [[nodiscard]] local::Tiles tiles_of(const base::Image& image, bool split) const {
    const local::PreprocessorConfig& config = model_.folder().preprocessor;
    return local::cut_still(image, config.longest_edge, config.tile, split,
                            config.lanczos ? local::Filter::kLanczos : local::Filter::kBicubic);
  }

  /// Of a picture that has the size of a tile.
  const std::vector<float>& rows_of_tile(const base::Image& tile) {
    const std::uint64_t key = key_of(tile) ^ kTileKey;
    if (const std::vector<float>* known = cache_.find(key)) return *known;
    return cache_.add(key, model_.connect(model_.vision(model_.pixel_values({tile}))));
  }

  const std::vector<float>& rows_of(const base::Image& image) {
    const std::uint64_t key = key_of(image);
    if (const std::vector<float>* known = cache_.find(key)) return *known;
    const local::PreprocessorConfig& config = model_.folder().preprocessor;
    const base::Image tile = local::squash_frame(image, config.video_longest_edge, config.tile);
    return cache_.add(key, model_.connect(model_.vision(model_.pixel_values({tile}))));
  }

  base::LocalSettings settings_;
  base::Profile profile_;
  base::LogSink log_;
  endpoint::Vocabulary words_;
  std::string task_, schema_, identity_, prompt_version_;
  std::vector<std::vector<local::Tiles>> example_pictures_;  ///< by example
  std::mutex mutex_;                                         ///< guards what follows
  local::LanguageModel model_;
  local::ReplyGuide guide_;
  FrameCache cache_;
};

class LocalCaptioner::Session final : public base::CaptionSession {
 public:
  explicit Session(Shared& shared) : shared_(shared) {}
  void watch(const base::Frame& /*frame*/, bool /*boundary*/) override {}
  std::vector<base::CaptionResult> describe(std::span<const base::Chunk> chunks) override { return shared_.describe(chunks); }

 private:
  Shared& shared_;
};

LocalCaptioner::LocalCaptioner(const TorchPlugin& plugin, const std::filesystem::path& folder, const base::LocalSettings& settings,
                               base::Profile profile, base::LogSink log)
    : shared_(std::make_unique<Shared>(plugin, folder, settings, std::move(profile), std::move(log))) {}
LocalCaptioner::~LocalCaptioner() = default;

base::CaptionerIdentity LocalCaptioner::identity() const { return shared_->identity(); }
bool LocalCaptioner::wants_previous() const { return shared_->settings().continuity; }
int LocalCaptioner::batch_size() const { return shared_->settings().continuity ? 1 : shared_->settings().batch; }
std::unique_ptr<base::CaptionSession> LocalCaptioner::open(const std::string& /*video*/, const base::MediaInfo& /*media*/) {
  return std::make_unique<Session>(*shared_);
}

}  // namespace reelgraph::captioner
