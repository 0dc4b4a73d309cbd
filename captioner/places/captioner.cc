#include "captioner/places/captioner.h"

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <utility>

#include "captioner/digest.h"
#include "captioner/places/places_model.h"
#include "chunker/tracking/reader.h"
#include "chunker/tracking/telling.h"

namespace reelgraph::captioner::places {
namespace {

namespace tracking = chunker::tracking;

constexpr const char* kVersion = "1";
constexpr std::size_t kMostWaiting = 128;  ///< frames that are kept before they are looked at

}  // namespace

class PlacesCaptioner::Shared {
 public:
  Shared(const TorchPlugin& plugin, const std::filesystem::path& folder, PlacesNote note, const base::LocalSettings& settings,
         base::Profile profile, base::LogSink log)
      : note_(std::move(note)),
        profile_(std::move(profile)),
        log_(std::move(log)),
        rules_(tracking::parse_any_rules(profile_.tracking, "profile " + profile_.name)),
        model_(plugin, folder, settings),
        identity_(model_.identity()) {
    nlohmann::json zones = nlohmann::json::array();
    for (const base::Zone& zone : profile_.zones) zones.push_back({zone.name, zone.polygon});
    prompt_version_ =
        digest(nlohmann::json{profile_.tracking, zones, note_.columns, note_.rows, note_.frames_per_second, settings.dtype}.dump());
    // Before the first film is opened: zones that rules ask for must be there.
    static_cast<void>(tracking::make_reader(rules_, profile_.zones, 9.0 / 16, "profile " + profile_.name));
    if (tracking::empty(rules_)) {
      base::log(log_, base::LogLevel::kWarning,
                "the profile " + profile_.name + " has no [tracking]: things are followed, but nothing is said to have happened " +
                    "(use a profile that has, such as warehouse; docs/tracking.md says how a match is told)");
    }
  }

  [[nodiscard]] base::CaptionerIdentity identity() const {
    return {.kind = "local", .model = identity_, .version = kVersion, .prompt_version = prompt_version_};
  }
  [[nodiscard]] const PlacesNote& note() const { return note_; }
  [[nodiscard]] const base::Profile& profile() const { return profile_; }
  [[nodiscard]] const tracking::AnyRules& rules() const { return rules_; }
  [[nodiscard]] const base::LogSink& log() const { return log_; }
  [[nodiscard]] PlacesModel& model() { return model_; }

 private:
  PlacesNote note_;
  base::Profile profile_;
  base::LogSink log_;
  tracking::AnyRules rules_;
  PlacesModel model_;
  std::string identity_, prompt_version_;
};

class PlacesCaptioner::Session final : public base::CaptionSession {
 public:
  Session(Shared& shared, std::string video, const base::MediaInfo& media)
      : shared_(shared),
        video_(std::move(video)),
        step_(static_cast<base::Duration>(1e6 / shared.note().frames_per_second)),
        reader_(tracking::make_reader(
            shared.rules(), shared.profile().zones,
            media.display_size.width > 0 ? static_cast<double>(media.display_size.height) / media.display_size.width : 9.0 / 16,
            "profile " + shared.profile().name)) {}

  void watch(const base::Frame& frame, bool /*boundary*/) override {
    if (frame.at() < due_) return;
    due_ = std::max(due_ + step_, frame.at() + step_ / 2);
    waiting_.push_back({frame.at(), shared_.model().tile_of(frame.render(base::fit_within(frame.size(), shared_.model().longest_side())))});
    if (waiting_.size() >= kMostWaiting) look();
  }

  std::vector<base::CaptionResult> describe(std::span<const base::Chunk> chunks) override {
    std::vector<base::CaptionResult> results;
    for (const base::Chunk& chunk : chunks) results.push_back(describe(chunk));
    return results;
  }

 private:
  base::CaptionResult describe(const base::Chunk& chunk) {
    look();
    // Frames that were watched ahead wait for the chunk that owns them, so that it does not matter how many are described at once.
    while (!looks_.empty() && (chunk.last || looks_.front().at < chunk.own.end)) {
      reader_->add(looks_.front());
      looks_.pop_front();
    }
    if (chunk.last) reader_->finish(chunk.own.end);
    base::CaptionResult result;
    result.observation = tracking::observe(*reader_, video_, chunk.own);
    result.observation->provenance = {"vlm", shared_.identity().model, kVersion};
    if (!shared_.note().limits.empty()) result.observation->attributes["limits"] = shared_.note().limits;
    if (unread_ > 0) result.observation->attributes["unreadable"] = std::exchange(unread_, 0);
    result.usage = std::exchange(usage_, {});
    return result;
  }

  void look() {
    std::vector<base::Image> tiles;
    for (auto& [at, tile] : waiting_) tiles.push_back(std::move(tile));
    const std::vector<std::string> texts = shared_.model().say(tiles, shared_.note().max_tokens, usage_);
    for (std::size_t i = 0; i < texts.size(); ++i) {
      looks_.push_back({waiting_[i].first, read_places(texts[i], shared_.note(), unread_)});
    }
    waiting_.clear();
  }

  Shared& shared_;
  std::string video_;
  base::Duration step_;
  base::Timestamp due_ = 0;
  std::vector<std::pair<base::Timestamp, base::Image>> waiting_;  ///< not looked at yet
  std::deque<tracking::Look> looks_;                              ///< not followed yet
  std::unique_ptr<tracking::Reader> reader_;
  base::Usage usage_;
  int unread_ = 0;
};

PlacesCaptioner::PlacesCaptioner(const TorchPlugin& plugin, const std::filesystem::path& folder, PlacesNote note,
                                 const base::LocalSettings& settings, base::Profile profile, base::LogSink log)
    : shared_(std::make_unique<Shared>(plugin, folder, std::move(note), settings, std::move(profile), std::move(log))) {}
PlacesCaptioner::~PlacesCaptioner() = default;

base::CaptionerIdentity PlacesCaptioner::identity() const { return shared_->identity(); }

std::unique_ptr<base::CaptionSession> PlacesCaptioner::open(const std::string& video, const base::MediaInfo& media) {
  if (!shared_->note().limits.empty()) base::log(shared_->log(), base::LogLevel::kWarning, video + ": " + shared_->note().limits);
  return std::make_unique<Session>(*shared_, video, media);
}

}  // namespace reelgraph::captioner::places
