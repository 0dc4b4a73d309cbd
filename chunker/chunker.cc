#include "chunker/chunker.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <opencv2/core.hpp>
#include <utility>

#include "base/error.h"
#include "chunker/keyframes.h"
#include "chunker/picture_meter.h"
#include "chunker/shot_detector.h"
#include "chunker/sound_meter.h"
#include "chunker/window_planner.h"

namespace reelgraph::chunker {
namespace {

using base::Duration;
using base::kMillisecond;
using base::kSecond;
using base::Timestamp;

constexpr Duration kMediaLag = 10 * kSecond;    // pictures and sound may lie this far apart in a file
constexpr Duration kLongestStep = 2 * kSecond;  // a sample speaks for no more than this
constexpr Duration kShotFrameSpacing = 500 * kMillisecond;
constexpr std::size_t kMostCandidates = 256;  // kept of one window, however long it is
constexpr int kLeastAnalysisSide = 16;

void require(bool good, const char* message) {
  if (!good) throw base::Error(base::ErrorCode::kInvalidArgument, message, "chunker");
}

/// The largest size with the frame's aspect and the longer side `longest`, no side below 16 pixels.
base::Size analysis_size(base::Size frame, int longest) {
  const base::Size fitted = base::fit_within(frame, longest);
  return {std::max(fitted.width, kLeastAnalysisSide), std::max(fitted.height, kLeastAnalysisSide)};
}

Duration period_of(double rate) { return std::max<Duration>(1, static_cast<Duration>(std::llround(1e6 / rate))); }

}  // namespace

void validate(const ChunkerOptions& o) {
  require(o.overlap >= 0, "the overlap of chunks must not be negative");
  require(o.length > 0 && o.length <= base::kMaxTimestamp / 4, "the length of a chunk must be more than 0 and not absurd");
  require(o.length > o.overlap, "a chunk must be longer than its overlap with the next");
  require(o.length - o.overlap >= 100 * kMillisecond, "a chunk must be at least 0.1 s longer than its overlap");
  require(std::isfinite(o.keyframe_fps) && o.keyframe_fps > 0 && o.keyframe_fps <= 1000,
          "the rate of keyframes must be above 0 and at most 1000");
  require(o.keyframes_per_chunk >= 1, "at least one keyframe a chunk must be kept");
  require(o.keyframe_side >= 16 && o.keyframe_side <= 8192, "the side of keyframes must be 16 to 8192 pixels");
  require(std::isfinite(o.analysis_fps) && o.analysis_fps > 0 && o.analysis_fps <= 1000,
          "the rate of analysis must be above 0 and at most 1000");
  require(o.analysis_width >= kLeastAnalysisSide && o.analysis_width <= 4096, "the width of analysis must be 16 to 4096 pixels");
  require(o.start >= 0 && o.start <= base::kMaxTimestamp, "the start must not be negative");
}

struct Chunker::State {
  struct Known : Transition {
    bool given = false;  ///< it is in the signals of a closed chunk
  };

  explicit State(const ChunkerOptions& o)
      : options(o),
        planner(o),
        next_sample(o.start),
        next_candidate(o.start),
        sample_period(period_of(o.analysis_fps)),
        candidate_period(period_of(o.keyframe_fps)) {}

  ChunkerOptions options;
  WindowPlanner planner;
  ShotDetector shots;
  PictureMeter pictures;
  SoundMeter sounds;

  // What was measured and is not yet given away; all in time order.
  std::deque<base::PictureSample> picture_samples;
  std::deque<base::SoundSample> sound_samples;
  std::deque<Known> transitions;
  std::deque<Timestamp> frame_times;
  std::deque<Candidate> candidates;
  std::deque<base::Cue> cues;
  std::vector<base::Chunk> closed;

  Timestamp next_sample = 0;
  Timestamp next_candidate = 0;
  Duration sample_period = 0;
  Duration candidate_period = 0;
  Timestamp last_shot_candidate = -kShotFrameSpacing;
  Timestamp last_frame = -1;  ///< start of the last frame; -1: none
  Timestamp last_sample = -1;
  bool last_sample_fresh = false;  ///< a cut lies before it
  bool any_sound = false;
  bool finished = false;
  int index = 0;
  int late_cues = 0;

  bool add_frame(const base::Frame& frame);
  void keep_candidate(const base::Frame& frame, const base::Image& thumbnail, bool starts_shot);
  void take_transitions();
  [[nodiscard]] bool goes_on() const;
  [[nodiscard]] bool complete() const;
  void end_at_shot();
  void close_ready();
  void close(const Window& window, bool last);
  void fill_signals(base::Chunk& chunk);
  void fill_keyframes(base::Chunk& chunk, bool last);
  void fill_cues(base::Chunk& chunk, bool last);
};

Chunker::Chunker(const ChunkerOptions& options) {
  validate(options);
  // The pictures are small: threads inside OpenCV would cost more than they give, and videos are worked on side by side.
  static const bool once = (cv::setNumThreads(1), true);
  static_cast<void>(once);
  state_ = std::make_unique<State>(options);
}
Chunker::~Chunker() = default;
Chunker::Chunker(Chunker&&) noexcept = default;
Chunker& Chunker::operator=(Chunker&&) noexcept = default;

bool Chunker::add(const base::Frame& frame) {
  const bool boundary = state_->add_frame(frame);
  state_->close_ready();
  return boundary;
}

void Chunker::add(const base::AudioBlock& sound) {
  if (state_->finished || sound.samples.empty()) return;
  state_->any_sound = true;
  state_->sounds.add(sound);
  for (const base::SoundSample& sample : state_->sounds.take()) {
    if (sample.at >= state_->planner.window().own.start) state_->sound_samples.push_back(sample);
  }
  state_->close_ready();
}

void Chunker::add(const base::Cue& cue) {
  if (state_->finished || (state_->index > 0 && cue.span.start < state_->planner.window().own.start)) {
    ++state_->late_cues;
    return;
  }
  state_->cues.push_back(cue);
}

int Chunker::late_cues() const { return state_->late_cues; }

std::vector<base::Chunk> Chunker::take() { return std::exchange(state_->closed, {}); }

void Chunker::finish(base::Timestamp end) {
  State& s = *state_;
  if (s.finished) return;
  s.finished = true;
  s.shots.finish();
  s.sounds.finish();
  for (const base::SoundSample& sample : s.sounds.take()) {
    if (sample.at >= s.planner.window().own.start) s.sound_samples.push_back(sample);
  }
  // A frame that was seen is part of the video, whatever the measured duration says.
  end = std::max(end, s.last_frame + 1);
  if (!s.picture_samples.empty() && s.picture_samples.back().step == 0) {
    s.picture_samples.back().step = std::clamp<Duration>(end - s.picture_samples.back().at, 1, kLongestStep);
  }
  s.take_transitions();
  s.end_at_shot();
  while (end > s.planner.window().span.end) {
    s.close(s.planner.window(), false);
    s.end_at_shot();
  }
  if (end > s.planner.window().span.start) s.close(s.planner.ending(end), true);
  // Nothing lies after the last window's start only if the video was never longer: there is no chunk then.
}

bool Chunker::State::add_frame(const base::Frame& frame) {
  const Timestamp at = frame.at();
  if (finished || at < options.start || at <= last_frame) return false;
  last_frame = at;
  frame_times.push_back(at);

  const base::Image thumbnail = frame.render(ShotDetector::kPictureSize);
  const bool boundary = shots.add(at, thumbnail);
  if (boundary) {
    pictures.new_shot();
    if (at - last_shot_candidate >= kShotFrameSpacing) {
      last_shot_candidate = at;
      keep_candidate(frame, thumbnail, true);
    }
  }
  if (at >= next_sample) {
    next_sample = at - (at - options.start) % sample_period + sample_period;
    base::PictureSample sample = pictures.measure(at, frame.render(analysis_size(frame.size(), options.analysis_width)));
    if (!picture_samples.empty() && picture_samples.back().step == 0) {
      picture_samples.back().step = std::min(at - picture_samples.back().at, kLongestStep);
    }
    picture_samples.push_back(sample);
  }
  if (at >= next_candidate) {
    next_candidate = at - (at - options.start) % candidate_period + candidate_period;
    if (candidates.empty() || candidates.back().frame.at != at) keep_candidate(frame, thumbnail, last_frame == options.start);
  }
  take_transitions();
  return boundary;
}

void Chunker::State::keep_candidate(const base::Frame& frame, const base::Image& thumbnail, bool starts_shot) {
  Candidate candidate;
  candidate.frame.at = frame.at();
  candidate.frame.image = frame.render(base::fit_within(frame.size(), options.keyframe_side));
  candidate.fingerprint = make_fingerprint(thumbnail);
  candidate.starts_shot = starts_shot;
  candidates.push_back(std::move(candidate));
  if (candidates.size() <= kMostCandidates) return;
  // A window this long is thinned evenly: every second candidate goes, and new ones come half as often.
  std::deque<Candidate> kept;
  for (std::size_t i = 0; i < candidates.size(); i += 2) kept.push_back(std::move(candidates[i]));
  candidates = std::move(kept);
  candidate_period *= 2;
}

void Chunker::State::take_transitions() {
  for (Transition& t : shots.take()) {
    const auto after = std::upper_bound(transitions.begin(), transitions.end(), t.boundary.at,
                                        [](Timestamp at, const Known& other) { return at < other.boundary.at; });
    transitions.insert(after, Known{t});
  }
}

/// True if the video is known to go on past the present window's span.
bool Chunker::State::goes_on() const {
  const Timestamp end = planner.window().span.end;
  return last_frame >= end || (any_sound && sounds.reached() > end);
}

/// True if nothing that belongs to the present window can be expected any more.
bool Chunker::State::complete() const {
  const Window& window = planner.window();
  const bool pictures_done = last_frame >= window.span.end && shots.settled() >= (options.by_shots ? window.span.end : window.own.end);
  const bool sound_done = !any_sound || sounds.reached() >= window.span.end;
  if (pictures_done && sound_done) return true;
  const Timestamp patience = window.span.end + kMediaLag;
  return (pictures_done && last_frame >= patience) || (sound_done && any_sound && sounds.reached() >= patience);
}

void Chunker::State::end_at_shot() {
  for (const Known& t : transitions) {
    if (planner.boundary(t.boundary.at)) return;
  }
}

void Chunker::State::close_ready() {
  while (true) {
    end_at_shot();
    if (!goes_on() || !complete()) return;
    close(planner.window(), false);
  }
}

void Chunker::State::close(const Window& window, bool last) {
  base::Chunk chunk;
  chunk.index = index++;
  chunk.span = window.span;
  chunk.own = window.own;
  chunk.last = last;
  fill_signals(chunk);
  fill_keyframes(chunk, last);
  fill_cues(chunk, last);
  closed.push_back(std::move(chunk));
  if (!last) planner.advance();
}

void Chunker::State::fill_signals(base::Chunk& chunk) {
  const Timestamp end = chunk.last ? base::kMaxTimestamp : chunk.own.end;
  base::ChunkSignals& signals = chunk.signals;
  while (!frame_times.empty() && frame_times.front() < end) {
    ++signals.frames_decoded;
    frame_times.pop_front();
  }
  while (!picture_samples.empty() && picture_samples.front().at < end) {
    base::PictureSample sample = picture_samples.front();
    picture_samples.pop_front();
    if (sample.step == 0) sample.step = std::min(sample_period, kLongestStep);
    // Between this picture and the one before lies a transition: what changed is not what moved.
    const Timestamp before = last_sample < 0 ? sample.at : last_sample;
    for (const Known& t : transitions) {
      if (t.extent.start <= sample.at && t.extent.end > before - (t.extent.empty() ? 0 : sample_period)) {
        sample.motion = 0;
        sample.motion_x = sample.motion_y = 0.5;
        sample.camera_x = sample.camera_y = sample.camera_zoom = sample.camera_confidence = 0;
        sample.noisy = false;
      }
    }
    last_sample = sample.at;
    signals.picture.push_back(sample);
  }
  while (!sound_samples.empty() && sound_samples.front().at < end) {
    signals.sound.push_back(sound_samples.front());
    sound_samples.pop_front();
  }
  // A transition stays known while samples after the border may still touch it.
  // One that was found late, after sound alone had closed its chunk, is told in this one.
  for (Known& t : transitions) {
    if (t.boundary.at >= end || t.given) continue;
    signals.boundaries.push_back(t.boundary);
    t.given = true;
  }
  while (!transitions.empty() && transitions.front().given && transitions.front().boundary.at < chunk.own.end - 3 * kSecond)
    transitions.pop_front();
}

void Chunker::State::fill_keyframes(base::Chunk& chunk, bool last) {
  std::vector<const Candidate*> inside;
  for (const Candidate& candidate : candidates) {
    if (candidate.frame.at >= chunk.span.start && (last || candidate.frame.at < chunk.span.end)) inside.push_back(&candidate);
  }
  const Selection selection = choose_keyframes(inside, options.keyframes_per_chunk);
  std::size_t next = 0;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    base::Keyframe frame = inside[i]->frame;
    if (next < selection.chosen.size() && selection.chosen[next] == i) {
      frame.novelty = selection.novelty[next++];
      chunk.keyframes.push_back(std::move(frame));
    } else {
      chunk.candidates.push_back(std::move(frame));
    }
  }
  for (const std::size_t i : selection.duplicates) {
    chunk.signals.near_duplicates += last || inside[i]->frame.at < chunk.own.end ? 1 : 0;
  }
  while (!candidates.empty() && candidates.front().frame.at < chunk.own.end) candidates.pop_front();
  if (candidates.size() < kMostCandidates / 4) candidate_period = period_of(options.keyframe_fps);
}

void Chunker::State::fill_cues(base::Chunk& chunk, bool last) {
  std::stable_sort(cues.begin(), cues.end(), [](const base::Cue& a, const base::Cue& b) { return a.span < b.span; });
  for (const base::Cue& cue : cues) {
    if (cue.span.overlaps(chunk.span)) chunk.cues.push_back(cue);
  }
  const Timestamp next = chunk.own.end;
  std::erase_if(cues, [&](const base::Cue& cue) { return last || cue.span.end <= next; });
}

}  // namespace reelgraph::chunker
