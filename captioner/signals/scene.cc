#include "captioner/signals/scene.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <opencv2/imgproc.hpp>
#include <string_view>
#include <utility>

#include "captioner/signals/background.h"
#include "captioner/signals/exposure.h"
#include "captioner/signals/foreground.h"
#include "captioner/signals/static_change.h"
#include "captioner/signals/stillness.h"
#include "captioner/signals/stops.h"
#include "captioner/signals/tracks.h"
#include "captioner/signals/view_gate.h"

namespace reelgraph::captioner::signals {
namespace {

using base::Duration;
using base::kMillisecond;
using base::kSecond;
using base::Timestamp;

constexpr Duration kPeriod = 200 * kMillisecond;
constexpr int kWidth = 320;
constexpr int kLeastSide = 24;  // pixels of the working picture: less shows nothing
constexpr Duration kLearning = 3 * kSecond;
constexpr std::size_t kMostLearning = 16;        // pictures
constexpr Duration kShortestView = 6 * kSecond;  // below it nothing is told
constexpr Duration kFlash = 500 * kMillisecond;  // a boundary that is over so soon was none
constexpr Duration kAfterMove = 30 * kSecond;
constexpr int kDriftEvery = 5;        // steps
constexpr Duration kCalm = kSecond;   // the camera stands before a background is learned again
constexpr int kAdaptEvery = 2;        // steps
constexpr int kRemembered = 1000;     // tracks, things
constexpr double kOtherExposure = 8;  // grey levels in the mean
constexpr int kForGood = 50;          // steps: an automatic exposure that answers to a passer-by comes back sooner
constexpr double kDark = 0.04 * 255;
constexpr Duration kDarkFor = kSecond;
constexpr double kKeepShare = 0.4;  // of the detection size: a followed thing may be as small
constexpr double kConfirmOverDetect = 1.5;
constexpr Duration kAtStart = 450 * kMillisecond;     // after the shot's begin
constexpr Duration kQuiet = 3 * kSecond;              // a followed thing may rest so long before it is known to stand
constexpr Duration kStillThere = 600 * kMillisecond;  // since it was met last, at the end of a view
constexpr double kFlashShare = 0.4;                   // of the picture differs from the background after a cut

struct Picture {
  Timestamp at = 0;
  cv::Mat rgb;   ///< uint8 [H, W, 3], smoothed
  cv::Mat luma;  ///< uint8 [H, W]
};

double in_thousandths(double v) { return std::round(v * 1000) / 1000; }

}  // namespace

struct Scene::State {
  enum class Mode { kLearning, kFollowing, kMoving };

  explicit State(const Options& o) : options(o) {}

  Options options;
  std::deque<Fact> facts;
  std::vector<Fact> withheld;  ///< of a view that may turn out too short
  Timestamp next = 0;
  bool any = false;
  Timestamp last = 0;  ///< latest step

  Mode mode = Mode::kLearning;
  Timestamp view_start = 0;  ///< of the present view: since the cut, or since the camera stands
  std::vector<Picture> learning;
  std::optional<Picture> before;
  Timestamp calm_since = 0;
  std::optional<Timestamp> cut_at;  ///< a boundary that may be a flash
  std::vector<Picture> after_cut;
  std::optional<Timestamp> dark_since;
  std::optional<Timestamp> moved_at;      ///< the last view ended because the camera moved
  std::optional<base::TimeSpan> unclear;  ///< open trouble
  std::string unclear_reason;

  Background background;
  ToneCurves tones;
  Stillness stillness;
  StaticChanges changes;
  ViewGate gate;
  std::optional<Tracker> tracker;
  std::map<int, StopWatch> stops;  ///< by track key
  std::map<int, int> numbers;      ///< given out, by track key
  cv::Mat last_mask, last_luma;
  int next_key = 1;
  int next_number = 1;
  int first_steps = 0;
  int steps = 0;
  int changed_exposure = 0;   ///< steps in a row in which the exposure was not that of the background
  std::map<int, int> things;  ///< numbers of things given out, by their key
  int next_thing = 1;

  void add(Picture picture, bool boundary);
  void feed(const Picture& picture);
  void learn();
  [[nodiscard]] bool drifting(const Picture& picture, const cv::Mat& open);
  [[nodiscard]] Duration shortest_view() const;
  void follow(const Picture& picture);
  void report(const Picture& picture, const Foreground& found, const std::vector<StaticChange>& found_changes);
  void end_view(Timestamp at, const char* reason);
  void begin_view(Timestamp at, Mode how);
  void open_trouble(Timestamp at, const char* reason);
  void close_trouble(Timestamp at);
  void tell_trouble(Timestamp at);
  void give(Fact fact);
  [[nodiscard]] Sighting sighting_of(const Track& track);
  [[nodiscard]] double least_area(cv::Size size) const { return options.minimum_size * size.area() / kConfirmOverDetect; }
};

/// A slow pan can be told only after some seconds: once there was one, a view has to show for long that it is over.
Duration Scene::State::shortest_view() const { return moved_at && view_start - *moved_at < kAfterMove ? kAfterMove : kShortestView; }

bool Scene::State::drifting(const Picture& picture, const cv::Mat& open) {
  if (gate.anchor().empty()) return false;
  cv::Mat rgb, now;
  cv::cvtColor(gate.anchor(), rgb, cv::COLOR_GRAY2RGB);
  cv::cvtColor(tones.apply(rgb), now, cv::COLOR_RGB2GRAY);
  return gate.drifts(picture.at, now, picture.luma, open);
}

void Scene::State::give(Fact fact) {
  fact.known = last;
  if (last - view_start < shortest_view()) {
    withheld.push_back(std::move(fact));
    return;
  }
  for (Fact& f : withheld) {
    f.known = last;
    facts.push_back(std::move(f));
  }
  withheld.clear();
  facts.push_back(std::move(fact));
}

void Scene::State::open_trouble(Timestamp at, const char* reason) {
  if (unclear && unclear_reason == reason) return;
  close_trouble(at);
  unclear = base::TimeSpan{at, at};
  unclear_reason = reason;
}

void Scene::State::close_trouble(Timestamp at) {
  tell_trouble(at);
  unclear.reset();
}

/// The trouble goes on at least until `at`.
void Scene::State::tell_trouble(Timestamp at) {
  if (!unclear || at <= unclear->start) return;
  Fact fact;
  fact.kind = Fact::Kind::kUnclear;
  fact.known = last;
  fact.at = unclear->start;
  fact.span = {unclear->start, std::max(at, unclear->start)};
  fact.reason = unclear_reason;
  facts.push_back(std::move(fact));
  unclear->start = at;
}

/// All tracks end; what was withheld goes if the view was too short. @param reason why the view ends: "cut", "film_ends", or the trouble
void Scene::State::end_view(Timestamp at, const char* reason) {
  if (mode == Mode::kLearning && !learning.empty()) learn();
  if (tracker) {
    for (const Track& t : tracker->tracks()) {
      if (!t.confirmed || t.ended || !numbers.contains(t.key)) continue;
      Fact fact;
      fact.kind = Fact::Kind::kEnded;
      fact.sighting = sighting_of(t);
      if (at - t.met <= kStillThere && at - t.seen <= kQuiet) {
        // It did not leave: it is there as long as the view is.
        fact.sighting.seen.end = std::max(at, t.seen);
        fact.reason = reason;
      }
      fact.at = fact.sighting.seen.end;
      give(fact);
    }
    next_key = tracker->next_key();
    tracker.reset();
  }
  const bool brief = at - view_start < shortest_view();
  if (brief) {
    withheld.clear();
    if (mode != Mode::kMoving && at > view_start && !unclear) {
      Fact fact;
      fact.kind = Fact::Kind::kUnclear;
      fact.known = last;
      fact.at = view_start;
      fact.span = {view_start, at};
      const bool between = at - view_start >= kShortestView || std::string_view(reason) == "camera_moves";
      fact.reason = shortest_view() == kAfterMove && between ? "camera_moves" : "too_short";
      facts.push_back(fact);
    }
  } else {
    for (Fact& f : withheld) {
      f.known = last;
      facts.push_back(std::move(f));
    }
    withheld.clear();
  }
  stops.clear();
  numbers.clear();
  things.clear();
  changes.forget();
  last_mask.release();
  last_luma.release();
  learning.clear();
}

void Scene::State::begin_view(Timestamp at, Mode how) {
  mode = how;
  view_start = at;
  calm_since = at;
  background = {};
  tones = {};
  gate.begin();
  changed_exposure = 0;
  before.reset();
}

void Scene::State::add(Picture picture, bool boundary) {
  last = picture.at;
  if (any && before && before->rgb.size() != picture.rgb.size()) boundary = true;
  if (!any) {
    any = true;
    begin_view(picture.at, Mode::kLearning);
    boundary = false;
  }
  if (boundary && !cut_at) cut_at = picture.at;
  if (!cut_at) {
    feed(picture);
    return;
  }
  const bool fits = mode == Mode::kFollowing && background.reference().size() == picture.rgb.size();
  after_cut.push_back(std::move(picture));
  const Picture& now = after_cut.back();
  if (!fits || now.at - *cut_at >= kFlash) {
    // Enough was seen to tell a cut from a flash, after which the old background still fits.
    bool flash = false;
    if (fits) {
      const Foreground found = find_foreground(tones.apply(background.reference8()), now.rgb, background.noise(),
                                               {options.sensitivity, least_area(now.rgb.size())});
      flash = found.share < kFlashShare;
    }
    const Timestamp at = *cut_at;
    cut_at.reset();
    if (!flash) {
      end_view(at, "cut");
      close_trouble(at);
      begin_view(at, Mode::kLearning);
    }
    std::vector<Picture> pictures = std::exchange(after_cut, {});
    for (const Picture& p : pictures) feed(p);
  }
}

void Scene::State::feed(const Picture& picture) {
  const bool dark = cv::mean(picture.luma)[0] < kDark;
  if (dark && !dark_since) dark_since = picture.at;
  if (!dark) dark_since.reset();
  if (dark_since && picture.at - *dark_since >= kDarkFor && mode != Mode::kMoving) {
    end_view(*dark_since, "too_dark");
    open_trouble(*dark_since, "too_dark");
    begin_view(picture.at, Mode::kMoving);
  }
  switch (mode) {
    case Mode::kLearning: {
      if (learning.empty()) view_start = std::min(view_start, picture.at);
      const bool moves = before && before->rgb.size() == picture.rgb.size() && whole_picture_moves(before->luma, picture.luma);
      if (moves) {
        learning.clear();
        moved_at = picture.at;
        open_trouble(before->at, "camera_moves");
        begin_view(picture.at, Mode::kMoving);
      } else {
        learning.push_back(picture);
        if (picture.at - view_start >= kLearning || learning.size() >= kMostLearning) learn();
      }
      break;
    }
    case Mode::kFollowing: follow(picture); break;
    case Mode::kMoving: {
      const bool same = before && before->rgb.size() == picture.rgb.size();
      const bool moves = dark || !same || whole_picture_moves(before->luma, picture.luma);
      if (moves) calm_since = picture.at;
      if (moves && !dark) moved_at = picture.at;
      tell_trouble(std::min(picture.at, calm_since));
      if (picture.at - calm_since >= kCalm) {
        close_trouble(calm_since);
        begin_view(calm_since, Mode::kLearning);
        learning.push_back(picture);
      }
      break;
    }
  }
  before = picture;
}

/// Makes the background of the pictures seen so far and goes through them.
void Scene::State::learn() {
  std::vector<Picture> pictures = std::exchange(learning, {});
  if (pictures.empty()) return;
  std::vector<cv::Mat> all;
  for (const Picture& p : pictures) all.push_back(p.rgb);
  const cv::Size size = all.front().size();
  background.learn(all);
  stillness.begin(size, view_start);
  cv::Mat first;
  cv::cvtColor(background.reference8(), first, cv::COLOR_RGB2GRAY);
  gate.set_anchor(view_start, first);
  tracker.emplace(TrackerOptions{least_area(size), options.minimum_size * size.area(), size}, next_key);
  first_steps = 0;
  last_mask = cv::Mat(size, CV_8U, cv::Scalar(0));
  mode = Mode::kFollowing;
  for (const Picture& p : pictures) {
    if (mode != Mode::kFollowing) break;
    follow(p);
  }
}

void Scene::State::follow(const Picture& picture) {
  const cv::Size size = picture.rgb.size();
  cv::Mat expected = tones.apply(background.reference8());
  cv::Mat expected_luma;
  cv::cvtColor(expected, expected_luma, cv::COLOR_RGB2GRAY);
  cv::Mat covered;  // where the background cannot be told from what is in front of it
  cv::dilate(last_mask, covered, cv::getStructuringElement(cv::MORPH_RECT, {9, 9}));
  const cv::Mat open = ~covered;
  const cv::Point2d lies = gate.look(picture.at, expected_luma, picture.luma, open);
  cv::Mat aligned = picture.rgb;
  if (std::hypot(lies.x, lies.y) > 0.2 && std::hypot(lies.x, lies.y) < 0.05 * size.width) {
    const cv::Matx23d back(1, 0, -lies.x, 0, 1, -lies.y);
    cv::warpAffine(picture.rgb, aligned, back, size, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  }
  tones.fit(background.reference8(), aligned, open);
  expected = tones.apply(background.reference8());
  const ForegroundOptions how{options.sensitivity, kKeepShare * least_area(size)};
  Foreground found = find_foreground(expected, aligned, background.noise(), how);
  const ViewGate::Verdict verdict = gate.judge(picture.at, found.share, last_luma, picture.luma);
  last_luma = picture.luma;
  const bool drifts = verdict == ViewGate::Verdict::kStill && steps % kDriftEvery == 0 && drifting(picture, open);
  if (drifts || verdict == ViewGate::Verdict::kMoves) moved_at = picture.at;
  if (verdict != ViewGate::Verdict::kStill || drifts) {
    const bool moves = drifts || verdict == ViewGate::Verdict::kMoves;
    end_view(picture.at, moves ? "camera_moves" : "noisy");
    open_trouble(picture.at, moves ? "camera_moves" : "noisy");
    begin_view(picture.at, Mode::kMoving);
    return;
  }
  if (found.share > 0.6) {  // lamps, or something right before the lens: nothing can be told apart
    found.blobs.clear();
    found.labels.setTo(0);
  }
  stillness.step(picture.at, found);

  tracker->step(picture.at, found, first_steps++ < 1 && picture.at - view_start < kAtStart);
  std::vector<StaticChange> static_changes =
      changes.look({picture.at, aligned, expected, found, tones}, options.minimum_size * size.area(), background, stillness, *tracker);
  report(picture, found, static_changes);

  cv::Mat wide;
  cv::dilate(found.mask, wide, cv::getStructuringElement(cv::MORPH_RECT, {5, 5}));
  if (++steps % kAdaptEvery == 0) background.adapt(found.residual, found.outside, ~wide, ~tracker->followed(found));
  changed_exposure = tones.deviation() > kOtherExposure ? changed_exposure + 1 : 0;
  if (changed_exposure >= kForGood) {
    background.rebase(tones);
    changes.rebase(tones);
    gate.set_anchor(picture.at, picture.luma.clone());
    tones = {};
    changed_exposure = 0;
  }
  const cv::Point2d offset = gate.settled_offset();
  if (offset.x != 0 || offset.y != 0) background.shift(offset.x, offset.y);
  last_mask = found.mask;
}

Sighting Scene::State::sighting_of(const Track& t) {
  Sighting s;
  const auto number = numbers.find(t.key);
  s.track = number == numbers.end() ? 0 : number->second;
  s.seen = {t.from_start ? view_start : t.born, std::max(t.seen, t.born)};
  s.from_start = t.from_start;
  const cv::Size size = background.reference().size();
  s.box = box_of(t.box, size);
  s.size = in_thousandths(t.typical_area / size.area());
  const auto colour = t.colours.verdict();
  s.colour = colour.name;
  s.direction = direction_of(t, size);
  s.confidence = confidence_of(t, options.minimum_size * size.area());
  return s;
}

void Scene::State::report(const Picture& picture, const Foreground& found, const std::vector<StaticChange>& found_changes) {
  const cv::Size size = picture.rgb.size();
  for (Track& t : tracker->tracks()) {
    if (!t.labels.empty() && t.hits > 0 && t.quiet == 0 && !t.merged) {
      cv::Rect box;
      const cv::Mat core = core_of(t, found, box);
      t.colours.add(tones.invert(picture.rgb(box)), core);
    }
    if (!t.confirmed || (t.ended && t.ended_at != picture.at)) continue;
    if (!numbers.contains(t.key)) numbers[t.key] = next_number++;
    Fact fact;
    fact.step = picture.at;
    fact.sighting = sighting_of(t);
    fact.at = fact.sighting.seen.end;
    if (t.ended) {
      fact.kind = Fact::Kind::kEnded;
      give(fact);
      stops.erase(t.key);
      std::erase_if(numbers, [&](const auto& entry) { return entry.first < t.key - kRemembered; });
      continue;
    }
    fact.sighting.moving = t.quiet == 0 && t.met == picture.at;
    const bool cut_off = t.box.x < 1 || t.box.y < 1 || t.box.x + t.box.width > size.width - 1 || t.box.y + t.box.height > size.height - 1;
    fact.sighting.clear = t.met == picture.at ? t.box.area() / size.area() * (cut_off ? 0.4 : 1) * (t.merged ? 0.3 : 1) : 0;
    give(fact);
    if (t.met != picture.at || t.merged) continue;
    const std::optional<StopWatch::Turn> turn = stops[t.key].look(picture.at, t.box, size, cut_off);
    if (!turn) continue;
    fact.kind = turn->stopped ? Fact::Kind::kStopped : Fact::Kind::kStarted;
    fact.at = turn->at;
    give(fact);
  }
  for (const StaticChange& c : found_changes) {
    Fact fact;
    fact.kind = c.kind == StaticChange::Kind::kPlaced    ? Fact::Kind::kPlaced
                : c.kind == StaticChange::Kind::kRemoved ? Fact::Kind::kRemoved
                                                         : Fact::Kind::kPutBack;
    fact.step = picture.at;
    fact.at = std::clamp(c.at, view_start, picture.at);
    fact.box = box_of(c.box, size);
    fact.colour = c.colour.name;
    fact.confidence = std::round(100 * c.confidence) / 100;
    if (!things.contains(c.thing)) things[c.thing] = next_thing++;
    if (things.size() > kRemembered) things.erase(things.begin());
    fact.thing = things[c.thing];
    for (const Track& t : tracker->tracks()) {
      if (t.key == c.carrier && t.confirmed) fact.sighting = sighting_of(t);
    }
    give(fact);
  }
}

Scene::Scene(const Options& options) : state_(std::make_unique<State>(options)) {}
Scene::~Scene() = default;

void Scene::watch(const base::Frame& frame, bool boundary) {
  State& s = *state_;
  const Timestamp at = frame.at();
  if (s.any && at <= s.last) return;
  if (boundary && s.any && !s.cut_at) s.next = at;  // a shot is looked at from its first frame
  if (at < s.next) return;
  s.next = at - at % kPeriod + kPeriod;
  const base::Size fitted = base::fit_within(frame.size(), kWidth);
  const base::Image image = frame.render({std::max(fitted.width, kLeastSide), std::max(fitted.height, kLeastSide)});
  Picture picture;
  picture.at = at;
  // OpenCV has no read-only Mat over foreign memory; the picture is only read.
  const cv::Mat rgb(image.height, image.width, CV_8UC3, const_cast<std::uint8_t*>(image.pixels.data()));
  cv::GaussianBlur(rgb, picture.rgb, {3, 3}, 0);
  cv::cvtColor(picture.rgb, picture.luma, cv::COLOR_RGB2GRAY);
  s.add(std::move(picture), boundary);
}

void Scene::finish(Timestamp end) {
  State& s = *state_;
  if (!s.any) return;
  if (s.cut_at) {
    const Timestamp at = *s.cut_at;
    s.cut_at.reset();
    s.end_view(at, "cut");
    s.close_trouble(at);
    s.begin_view(at, State::Mode::kLearning);
    for (const Picture& p : std::exchange(s.after_cut, {})) s.feed(p);
  }
  s.end_view(std::max(end, s.last), "film_ends");
  s.close_trouble(std::max(end, s.last));
}

std::vector<Fact> Scene::take(Timestamp horizon) {
  std::vector<Fact> taken;
  while (!state_->facts.empty() && state_->facts.front().known <= horizon) {
    taken.push_back(std::move(state_->facts.front()));
    state_->facts.pop_front();
  }
  return taken;
}

}  // namespace reelgraph::captioner::signals
