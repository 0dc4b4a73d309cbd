#include "captioner/signals/captioner.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "base/span_set.h"
#include "captioner/digest.h"
#include "captioner/signals/caption.h"
#include "captioner/signals/events.h"
#include "captioner/signals/motion.h"
#include "captioner/signals/scene.h"
#include "captioner/signals/sound.h"
#include "captioner/signals/story.h"
#include "captioner/signals/visibility.h"

namespace reelgraph::captioner::signals {
namespace {

constexpr const char* kVersion = "2";

template <typename T>
void append(std::vector<T>& to, std::vector<T> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

/// Frames of so much film after a chunk's own part have always been watched when it is described.
constexpr base::Duration kLookAhead = 2 * base::kSecond;

constexpr base::Duration kRemembered = 10 * base::kMinute;

/// Notes of one reason as one set of spans, by reason; what two stages found to be unclear is told once.
std::vector<base::CoverageNote> merged(const std::vector<base::CoverageNote>& notes) {
  std::map<std::string, base::SpanSet> by_reason;
  for (const base::CoverageNote& note : notes) by_reason[note.reason].add(note.span);
  std::vector<base::CoverageNote> result;
  for (const auto& [reason, spans] : by_reason) {
    for (const base::TimeSpan& span : spans.spans()) result.push_back({span, reason});
  }
  return result;
}

class Session : public base::CaptionSession {
 public:
  Session(const std::string& video, const Options& options)
      : scene_(options), motion_(options.sensitivity), sound_(options), limit_(options.events_per_minute), story_(video) {}

  void watch(const base::Frame& frame, bool boundary) override { scene_.watch(frame, boundary); }

  [[nodiscard]] std::vector<base::CaptionResult> describe(std::span<const base::Chunk> chunks) override {
    std::vector<base::CaptionResult> results;
    for (const base::Chunk& chunk : chunks) results.push_back(describe(chunk));
    return results;
  }

 private:
  base::CaptionResult describe(const base::Chunk& chunk) {
    for (const base::SoundSample& sample : chunk.signals.sound) sound_.add(sample);
    for (const base::PictureSample& sample : chunk.signals.picture) {
      visibility_.add(sample);
      follow();
    }
    if (chunk.last) {
      visibility_.finish(chunk.own.end);
      follow();
      motion_.finish(chunk.own.end);
      sound_.finish(chunk.own.end);
    }
    if (chunk.last) scene_.finish(chunk.own.end);
    // What lies further ahead is left for later, so that it does not matter how many chunks are described at once.
    const std::vector<Fact> facts = scene_.take(chunk.last ? base::kMaxTimestamp : chunk.own.end + kLookAhead);
    Findings found{.own = chunk.own,
                   .measured = &chunk.signals,
                   .motion = motion_.take(),
                   .trouble = visibility_.take_spans(),
                   .sound = sound_.take()};

    base::CaptionResult result;
    base::Observation observation;
    observation.span = chunk.own;
    observation.provenance = {"signals", "signals", kVersion};
    for (const base::ShotBoundary& boundary : chunk.signals.boundaries) limit_.pass(cut_event(boundary), observation.events, result.notes);
    for (const MotionSpan& motion : found.motion) limit_.pass(motion_event(motion), observation.events, result.notes);
    for (const SoundSpan& sound : found.sound) limit_.pass(sound_event(sound), observation.events, result.notes);
    for (const ViewSpan& span : found.trouble) {
      if (span.view == View::kCameraMoves) limit_.pass(camera_event(span), observation.events, result.notes);
      result.notes.push_back({span.span, reason(span.view)});
    }
    result.observation = std::move(observation);
    for (const ViewSpan& span : found.trouble) unclear_.add(span.span);
    if (const auto& open = visibility_.open()) unclear_.add(open->span);
    found.told = story_.tell(chunk, facts, unclear_, limit_, result);
    unclear_.subtract(base::SpanSet{base::TimeSpan{0, std::max<base::Timestamp>(0, chunk.own.start - kRemembered)}});
    observation = std::move(*result.observation);
    result.notes = merged(result.notes);
    std::stable_sort(observation.events.begin(), observation.events.end(), [](const base::Event& a, const base::Event& b) {
      return std::tie(a.span.start, a.span.end, a.type) < std::tie(b.span.start, b.span.end, b.type);
    });

    // The words speak of this chunk, so they also need what still goes on.
    if (const auto open = motion_.open()) found.motion.push_back(*open);
    if (const auto& open = visibility_.open()) found.trouble.push_back(*open);
    append(found.sound, sound_.open());
    observation.caption = caption(found);
    observation.transcript = transcript(chunk.cues, chunk.own, chunk.index == 0);
    observation.attributes.update(averages(found));
    result.observation = std::move(observation);
    return result;
  }

  void follow() {
    for (const ViewedSample& viewed : visibility_.take()) motion_.add(viewed);
  }

  Scene scene_;
  Visibility visibility_;
  MotionSpans motion_;
  SoundSpans sound_;
  EventLimit limit_;
  Story story_;
  base::SpanSet unclear_;  ///< lately
};

}  // namespace

base::CaptionerIdentity SignalsCaptioner::identity() const {
  return {.kind = "signals", .model = "signals", .version = kVersion, .prompt_version = digest(signals::describe(options_))};
}

std::unique_ptr<base::CaptionSession> SignalsCaptioner::open(const std::string& video, const base::MediaInfo& /*media*/) {
  return std::make_unique<Session>(video, options_);
}

}  // namespace reelgraph::captioner::signals
