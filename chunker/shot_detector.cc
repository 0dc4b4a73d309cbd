#include "chunker/shot_detector.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace reelgraph::chunker {
namespace {

using base::Duration;
using base::kMillisecond;
using base::Timestamp;

constexpr std::size_t kPixels = static_cast<std::size_t>(ShotDetector::kPictureSize.width) * ShotDetector::kPictureSize.height;
constexpr int kBins = 32;

constexpr double kCutScore = 0.42;
constexpr double kOverMedian = 2.2;
constexpr double kOverMedianAfter = 1.5;  // a shot may begin with more movement than the last one had
constexpr double kLeastStructure = 0.12;  // below: the same scene in another light
constexpr double kSameScene = 0.25;       // frames closer than this show the same picture
constexpr double kBlankSpread = 6;        // grey levels; black, white or one colour
constexpr double kPlainSpread = 7.5;      // grey levels; hardly more than blank
constexpr Duration kFlash = 300 * kMillisecond;
constexpr Duration kShortInsert = 120 * kMillisecond;
constexpr Duration kMemory = 2500 * kMillisecond;
constexpr Duration kFadeMemory = 1500 * kMillisecond;
constexpr Duration kExitLook = 500 * kMillisecond;
constexpr Duration kBlankShot = base::kSecond;  // a blank picture this long is a shot of its own
constexpr Duration kDissolveEvery = 100 * kMillisecond;
constexpr std::array<Duration, 3> kDissolveLengths{500 * kMillisecond, base::kSecond, 2 * base::kSecond};
constexpr std::size_t kRecent = 24;
constexpr std::size_t kLeastRecent = 3;

double median_of(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

bool is_blank(const FrameSignature& s) { return s.spread < kBlankSpread; }

/// Spreads a pixel over two neighbouring bins, so that a small change of light moves little weight.
void vote(float* bins, int value) {
  const int scaled = std::max(0, value * kBins - 128);  // in 1/256 bins, bin centres at 128
  const int bin = std::min(scaled / 256, kBins - 1);
  const float upper = static_cast<float>(scaled - bin * 256) / 256.0F;
  bins[bin] += 1 - upper;
  bins[std::min(bin + 1, kBins - 1)] += upper;
}

/// How well `middle` is a mixture a * first + b * last + c. `share` is b, `fit` the explained part of its variance.
struct Mixture {
  double share_first = 0, share = 0, fit = 0;
};
Mixture mixture(const FrameSignature& first, const FrameSignature& middle, const FrameSignature& last) {
  double aa = 0, bb = 0, ab = 0, am = 0, bm = 0, mm = 0;
  for (std::size_t i = 0; i < kPixels; ++i) {
    const double a = first.luma[i] - first.mean;
    const double b = last.luma[i] - last.mean;
    const double m = middle.luma[i] - middle.mean;
    aa += a * a;
    bb += b * b;
    ab += a * b;
    am += a * m;
    bm += b * m;
    mm += m * m;
  }
  const double determinant = aa * bb - ab * ab;
  if (determinant <= 1e-3 * aa * bb || mm <= 0) return {};
  Mixture result;
  result.share_first = (am * bb - bm * ab) / determinant;
  result.share = (bm * aa - am * ab) / determinant;
  result.fit = (result.share_first * am + result.share * bm) / mm;
  return result;
}

}  // namespace

FrameSignature make_signature(Timestamp at, const base::Image& picture) {
  FrameSignature s;
  s.at = at;
  s.luma.resize(kPixels);
  s.histogram.assign(3 * kBins, 0.0F);
  double sum = 0, squares = 0;
  for (std::size_t i = 0; i < kPixels; ++i) {
    const int r = picture.pixels[3 * i], g = picture.pixels[3 * i + 1], b = picture.pixels[3 * i + 2];
    const int y = (77 * r + 150 * g + 29 * b) >> 8;
    s.luma[i] = static_cast<std::uint8_t>(y);
    sum += y;
    squares += static_cast<double>(y) * y;
    vote(&s.histogram[0], y);
    vote(&s.histogram[kBins], std::clamp(128 + (r - y), 0, 255));  // colour axes, stretched: real films use their middle only
    vote(&s.histogram[2 * kBins], std::clamp(128 + (b - y), 0, 255));
  }
  s.mean = sum / kPixels;
  s.spread = std::sqrt(std::max(0.0, squares / kPixels - s.mean * s.mean));
  for (float& bin : s.histogram) bin /= static_cast<float>(kPixels);
  return s;
}

FrameDistance distance(const FrameSignature& a, const FrameSignature& b) {
  FrameDistance d;
  for (int channel = 0; channel < 3; ++channel) {
    double common = 0;
    for (int i = channel * kBins; i < (channel + 1) * kBins; ++i) {
      common += std::min(a.histogram[static_cast<std::size_t>(i)], b.histogram[static_cast<std::size_t>(i)]);
    }
    // Brightness counts as much as both colour axes together.
    d.colour += (channel == 0 ? 0.5 : 0.25) * (1 - common);
  }
  double cross = 0;
  for (std::size_t i = 0; i < kPixels; ++i) cross += (a.luma[i] - a.mean) * (b.luma[i] - b.mean);
  // Some variance is lent to both, so that two nearly blank frames are not told apart by their noise.
  constexpr double kLent = 16;
  const double covariance = cross / kPixels + kLent;
  const double scale = std::sqrt((a.spread * a.spread + kLent) * (b.spread * b.spread + kLent));
  d.structure = std::clamp(1 - covariance / scale, 0.0, 1.0);
  return d;
}

bool ShotDetector::add(Timestamp at, const base::Image& picture) {
  FrameSignature now = make_signature(at, picture);
  now_ = at;
  bool boundary = false;
  if (history_.empty()) {
    if (is_blank(now)) blank_ = BlankRun{.start = at, .before = {}, .fade_start = at, .entered_hard = false, .told = true};
    next_dissolve_look_ = at;
  } else {
    const FrameSignature& previous = history_.back();
    if (blank_exit_) {
      if (now.spread > blank_exit_->largest_spread) {
        blank_exit_->largest_spread = now.spread;
        blank_exit_->largest_at = at;
      }
      if (at - blank_exit_->first.at >= kExitLook || is_blank(now)) decide_blank_exit();
    }
    if (is_blank(now)) {
      if (!blank_) enter_blank(now);
      if (blank_->entered_hard && !blank_->told && at - blank_->start > kBlankShot) {
        blank_->told = true;
        give({{blank_->start, base::BoundaryKind::kCut, 0.8}, {blank_->start, blank_->start}});
      }
    } else if (blank_) {
      boundary = leave_blank(now);
    } else {
      boundary = look_for_cut(previous, now);
    }
  }
  history_.push_back(std::move(now));
  while (history_.front().at < at - kMemory) history_.pop_front();
  if (at >= next_dissolve_look_) {
    next_dissolve_look_ = at + kDissolveEvery;
    look_for_dissolve();
  }
  decide_dissolve(at, false);
  return boundary;
}

bool ShotDetector::look_for_cut(const FrameSignature& previous, const FrameSignature& now) {
  const FrameDistance d = distance(previous, now);
  const double score = d.score();
  const bool known = recent_scores_.size() >= kLeastRecent;
  const bool jump = score > kCutScore && d.structure > kLeastStructure && score > kOverMedian * recent_median();
  bool boundary = false;

  if (cut_) {
    const bool back = now.at - cut_->at <= kFlash && distance(cut_->before, now).score() < kSameScene;
    if (back) {
      cut_.reset();
    } else if (jump && now.at - cut_->at <= kShortInsert) {
      // The cut lies behind a flash or a stray frame: the new shot begins here.
      cut_->at = now.at;
      cut_->score = std::max(cut_->score, score);
      cut_->scores_after.clear();
      return known;
    } else {
      cut_->scores_after.push_back(score);
      if (jump || now.at - cut_->at > kFlash) decide_cut(false);
    }
    if (back) return false;
  }
  if (jump && !cut_) {
    cut_ = PendingCut{.before = previous, .at = now.at, .previous_at = previous.at, .score = score, .scores_after = {}};
    boundary = known;
  } else {
    recent_scores_.push_back(score);
    if (recent_scores_.size() > kRecent) recent_scores_.pop_front();
  }
  return boundary;
}

void ShotDetector::decide_cut(bool ended) {
  if (!cut_) return;
  // Without a past or a future to compare with, a single jump says nothing about what is usual here.
  const bool usual_unknown = recent_scores_.size() < kLeastRecent && (ended ? cut_->scores_after.size() < kLeastRecent : false);
  if (!usual_unknown && cut_->score > kOverMedianAfter * median_of(cut_->scores_after)) {
    const double confidence = std::clamp(0.5 + (cut_->score - kCutScore), 0.5, 1.0);
    give({{cut_->at, base::BoundaryKind::kCut, confidence}, {cut_->at, cut_->at}});
  }
  cut_.reset();
}

void ShotDetector::enter_blank(const FrameSignature& now) {
  const FrameSignature* fullest = nullptr;
  for (const FrameSignature& s : history_) {
    if (s.at >= now.at - kFadeMemory && s.at > last_boundary_ && (fullest == nullptr || s.spread >= fullest->spread)) fullest = &s;
  }
  const FrameSignature& previous = history_.back();
  BlankRun run{.start = now.at, .before = {}, .fade_start = now.at, .entered_hard = true, .told = false};
  if (fullest != nullptr) {
    run.before = *fullest;
    run.entered_hard = previous.spread >= 0.6 * fullest->spread;
    run.fade_start = run.entered_hard ? now.at : fullest->at;
  }
  if (cut_) {
    // A white flash after a jump, or a jump into a fade: the cut stays what it is.
    run.before = cut_->before;
    if (now.at - cut_->at <= kShortInsert) {
      cut_.reset();
    } else {
      decide_cut(false);
    }
  }
  blank_ = std::move(run);
}

bool ShotDetector::leave_blank(const FrameSignature& now) {
  const bool flash = blank_->before && now.at - blank_->start <= kFlash && distance(*blank_->before, now).score() < kSameScene;
  if (!flash) {
    blank_exit_ = BlankExit{.run = *blank_, .first = now, .largest_spread = now.spread, .largest_at = now.at};
  }
  blank_.reset();
  return false;
}

void ShotDetector::decide_blank_exit() {
  const BlankExit exit = std::move(*blank_exit_);
  blank_exit_.reset();
  const bool hard = exit.first.spread >= 0.6 * exit.largest_spread;
  const Timestamp at = exit.first.at;
  if (!exit.run.before) {
    // The film began blank. A fade-in is how the first shot begins; a leader that is cut away is a shot of its own.
    if (hard && at - exit.run.start >= kBlankShot) give({{at, base::BoundaryKind::kCut, 0.8}, {at, at}});
    return;
  }
  // Something large leaves a plain wall or road, which is nearly blank itself: no fade.
  if (!exit.run.entered_hard && exit.largest_spread < kPlainSpread) return;
  const base::TimeSpan extent{exit.run.fade_start, hard ? at : std::max(at, exit.largest_at)};
  const bool cut = hard && exit.run.entered_hard;
  give({{at, cut ? base::BoundaryKind::kCut : base::BoundaryKind::kFade, cut ? 0.9 : 0.8}, extent});
}

void ShotDetector::look_for_dissolve() {
  if (blank_ || blank_exit_ || cut_ || history_.size() < 5) return;
  const FrameSignature& last = history_.back();
  for (const Duration length : kDissolveLengths) {
    const Timestamp begin = last.at - length;
    if (begin < history_.front().at || begin <= last_boundary_) break;
    const FrameSignature* first = at_or_before(begin);
    const FrameDistance d = distance(*first, last);
    if (d.structure < 0.5 || d.score() < kCutScore || is_blank(*first) || is_blank(last)) continue;
    std::array<Mixture, 3> parts;
    std::array<const FrameSignature*, 3> frames{};
    bool mixed = true;
    for (std::size_t i = 0; i < parts.size() && mixed; ++i) {
      frames[i] = at_or_before(begin + length * static_cast<Duration>(i + 1) / 4);
      parts[i] = mixture(*first, *frames[i], last);
      const double sum = parts[i].share_first + parts[i].share;
      mixed = frames[i] != first && parts[i].fit > 0.9 && sum > 0.8 && sum < 1.2 && (i == 0 || frames[i] != frames[i - 1]);
    }
    if (!mixed) continue;
    const double rise = parts[2].share - parts[0].share;
    if (parts[1].share < 0.25 || parts[1].share > 0.75 || rise < 0.25 || parts[1].share <= parts[0].share ||
        parts[2].share <= parts[1].share)
      continue;
    // The best-centred look at the dissolve is the one whose ends differ most and whose middle is half and half.
    const double score = d.score() - std::abs(parts[1].share - 0.5);
    if (!dissolve_ || score > dissolve_->score) dissolve_ = Dissolve{frames[1]->at, {first->at, last.at}, score, last.at};
    dissolve_->last_seen = last.at;
  }
}

void ShotDetector::decide_dissolve(Timestamp now, bool ended) {
  if (!dissolve_ || (!ended && now - dissolve_->last_seen <= kFlash)) return;
  if (dissolve_->at > last_boundary_ + kFlash) give({{dissolve_->at, base::BoundaryKind::kFade, 0.7}, dissolve_->extent});
  dissolve_.reset();
}

void ShotDetector::finish() {
  if (blank_exit_) decide_blank_exit();
  decide_cut(true);
  decide_dissolve(now_, true);
  blank_.reset();
}

std::vector<Transition> ShotDetector::take() { return std::exchange(decided_, {}); }

Timestamp ShotDetector::settled() const { return now_ - kMemory; }

void ShotDetector::give(Transition transition) {
  last_boundary_ = std::max(last_boundary_, transition.boundary.at);
  decided_.push_back(transition);
}

const FrameSignature* ShotDetector::at_or_before(Timestamp at) const {
  const auto after = std::upper_bound(history_.begin(), history_.end(), at, [](Timestamp t, const FrameSignature& s) { return t < s.at; });
  return after == history_.begin() ? &history_.front() : &*std::prev(after);
}

double ShotDetector::recent_median() const { return median_of({recent_scores_.begin(), recent_scores_.end()}); }

}  // namespace reelgraph::chunker
