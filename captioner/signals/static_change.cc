#include "captioner/signals/static_change.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>

namespace reelgraph::captioner::signals {
namespace {

using base::kMillisecond;
using base::kSecond;

constexpr double kSettledShare = 0.85;                   // of a blob, for it to be looked at
constexpr double kClearOutline = 0.08;                   // difference over sum of the outlines' strengths
constexpr double kFaint = 0.3;                           // an outline that light may have too
constexpr double kLight = 0.7;                           // of its pixels changed as light does
constexpr double kMoverShare = 0.2;                      // of the blob's size that moved around it after it settled: somebody left
constexpr double kOwnSize = 0.6;                         // of the typical size of its track: it is the thing itself
constexpr double kSurelyOwnSize = 0.75;                  // the same, whoever moved next to it
constexpr double kSamePlace = 0.3;                       // of the smaller lies in the larger: nobody puts a thing back to the pixel
constexpr double kSameSize = 0.5;                        // of the larger
constexpr base::Duration kPatience = 3 * kSecond;        // before light and what nobody brought is taken over
constexpr base::Duration kAround = 1200 * kMillisecond;  // of the change, in which who did it was there
constexpr base::Duration kParks = 20 * kSecond;          // without change, before a standing thing is taken over
constexpr base::Duration kLeft = kSecond;                // without movement: whoever brought or took it is gone
constexpr double kReachedIn = 0.2;                       // of the place was within the box of whoever changed it
constexpr int kCompany = 8;                              // pixels
constexpr std::size_t kMostPlaces = 48;

cv::Mat gradient(const cv::Mat& rgb) {
  cv::Mat grey, x, y, strength;
  cv::cvtColor(rgb, grey, cv::COLOR_RGB2GRAY);
  cv::Sobel(grey, x, CV_32F, 1, 0);
  cv::Sobel(grey, y, CV_32F, 0, 1);
  cv::magnitude(x, y, strength);
  return strength;
}

cv::Rect clipped(const cv::Rect& box, int by, cv::Size size) {
  return cv::Rect(box.x - by, box.y - by, box.width + 2 * by, box.height + 2 * by) & cv::Rect({0, 0}, size);
}

/// Share of the pixels of `mask` that changed as light or shadow does.
double like_light(const Step& step, const cv::Mat& mask) {
  const cv::Rect box = cv::boundingRect(mask);
  const cv::Mat like = light_like(step.expected(box), step.picture(box), mask(box));
  return static_cast<double>(cv::countNonZero(like & mask(box))) / std::max(1, cv::countNonZero(mask(box)));
}

/// True if another piece of something that is followed lies right beside it: legs under a body that stirs are nothing that was left, and
/// what somebody who still stands there hides cannot be told.
bool in_company(const Blob& blob, const Foreground& found, Tracker& tracker) {
  const cv::Rect around(blob.box.x - kCompany, blob.box.y - kCompany, blob.box.width + 2 * kCompany, blob.box.height + 2 * kCompany);
  for (const Track& t : tracker.tracks()) {
    for (const int label : t.labels) {
      if (label != blob.label && (found.blobs[static_cast<std::size_t>(label - 1)].box & around).area() > 0) return true;
    }
  }
  return false;
}

/// True if the track began where this blob is, is about as large, and nothing reached in from the picture's edge then: hands do.
bool set_off_from(const Track& track, const Blob& blob, cv::Size size) {
  if (track.path.empty() || track.largest_area < 0.4 * blob.area) return false;
  const cv::Rect2d first = track.path.front().second;
  const cv::Rect2d place(blob.box.x, blob.box.y, blob.box.width, blob.box.height);
  if ((first & place).area() < 0.5 * std::min(first.area(), place.area())) return false;
  constexpr std::size_t kFirstSteps = 5;
  return std::none_of(track.path.begin(), track.path.begin() + static_cast<std::ptrdiff_t>(std::min(kFirstSteps, track.path.size())),
                      [&](const auto& seen) {
                        const cv::Rect2d& r = seen.second;
                        return r.x < 1 || r.y < 1 || r.x + r.width > size.width - 1 || r.y + r.height > size.height - 1;
                      });
}

/// What stood was not the thing that is followed: it left when it moved last, and whoever comes next is somebody else.
void let_go(Track& track, int label, base::Timestamp at) {
  std::erase(track.labels, label);
  track.standing = false;
  track.seen = track.moved;
  if (!track.labels.empty() || at - track.moved < kLeft) return;
  track.ended = true;
  track.ended_at = at;
}

}  // namespace

void StaticChanges::forget() { places_.clear(); }

void StaticChanges::rebase(const ToneCurves& tones) {
  for (Place& place : places_) place.before = tones.apply_exactly(place.before);
}

StaticChanges::Outline StaticChanges::outline_of(const Step& step, const cv::Mat& mask, double& clarity) {
  const cv::Rect around = clipped(cv::boundingRect(mask), 6, mask.size());
  cv::Mat outer, inner;
  // The picture's own edge is no outline.
  cv::dilate(mask(around), outer, square_element(5));
  cv::erode(mask(around), inner, square_element(5), {-1, -1}, 1, cv::BORDER_CONSTANT, cv::Scalar(255));
  const cv::Mat ring = outer & ~inner;
  const double pixels = std::max(1, cv::countNonZero(ring));
  const double now = cv::sum(gradient(step.picture(around)).setTo(0, ~ring))[0] / pixels;
  const double before = cv::sum(gradient(step.expected(around)).setTo(0, ~ring))[0] / pixels;
  constexpr double kLent = 8;  // so that two faint outlines are alike
  const double score = (now - before) / (now + before + kLent);
  clarity = std::abs(score);
  return score > kClearOutline ? Outline::kStronger : score < -kClearOutline ? Outline::kWeaker : Outline::kSame;
}

/// The best match among places of things, or of light.
StaticChanges::Place* StaticChanges::place_at(const cv::Mat& mask, double area, bool thing) {
  Place* best = nullptr;
  double most = kSamePlace;
  for (Place& place : places_) {
    if ((place.thing != 0) != thing || place.parked != 0 || place.area < kSameSize * area || area < kSameSize * place.area) continue;
    const double overlap = cv::countNonZero(place.mask & mask) / std::max(1.0, std::min(place.area, area));
    if (overlap > most) {
      most = overlap;
      best = &place;
    }
  }
  return best;
}

void StaticChanges::take_over(const Step& step, const cv::Mat& mask, cv::Rect box, Place place, Background& background,
                              Stillness& stillness) {
  cv::Mat wide;
  cv::dilate(mask, wide, square_element(7));
  place.box = clipped(box, 3, mask.size());
  place.mask = mask.clone();
  place.area = cv::countNonZero(mask);
  place.before = background.reference()(place.box).clone();
  background.replace(step.tones.invert(step.picture), wide);
  stillness.forget(wide);
  std::erase_if(places_, [&](const Place& other) {
    return (place.thing != 0 && other.thing == place.thing) || (place.parked != 0 && other.parked == place.parked);
  });
  places_.push_back(std::move(place));
  if (places_.size() > kMostPlaces) places_.pop_front();
}

/// A thing that stood so long that it became background moves again: gives the background back what it hid.
void StaticChanges::revive(const Step& step, Background& background, Stillness& stillness, Tracker& tracker) {
  for (Track& track : tracker.tracks()) {
    if (!track.parked) continue;
    const auto place = std::find_if(places_.begin(), places_.end(), [&](const Place& p) { return p.parked == track.key; });
    if (place == places_.end()) {
      track.parked = false;
      continue;
    }
    if (cv::countNonZero(step.found.mask & place->mask) < 0.3 * place->area) continue;
    cv::Mat picture = background.reference().clone(), where(place->mask.size(), CV_8U, cv::Scalar(0));
    place->before.copyTo(picture(place->box));
    cv::dilate(place->mask, where, square_element(7));
    cv::Mat inside(where.size(), CV_8U, cv::Scalar(0));
    where(place->box).copyTo(inside(place->box));
    background.replace(picture, inside);
    stillness.forget(inside);
    track.parked = track.standing = false;
    track.quiet = 0;
    track.met = track.seen = step.at;
    track.velocity = {0, 0};
    places_.erase(place);
  }
}

std::vector<StaticChange> StaticChanges::look(const Step& step, double least_area, Background& background, Stillness& stillness,
                                              Tracker& tracker) {
  std::vector<StaticChange> changes;
  revive(step, background, stillness, tracker);
  for (const Blob& blob : step.found.blobs) {
    if (blob.settled < kSettledShare) continue;
    if (in_company(blob, step.found, tracker)) continue;
    const cv::Mat mask = step.found.labels == blob.label;
    const base::Timestamp settled_at = stillness.last_change(mask, 0.5);
    const base::Timestamp differs_at = stillness.differs_since(mask, 0.7);
    Track* owner = nullptr;
    Track* near = nullptr;     // whose way led here then
    Track* visitor = nullptr;  // the same, but it was elsewhere before
    double nearest = kReachedIn;
    for (Track& t : tracker.tracks()) {
      if (std::find(t.labels.begin(), t.labels.end(), blob.label) != t.labels.end()) owner = &t;
      if ((!t.confirmed && t.hits < 3) || t.parked) continue;
      for (const auto& [when, box] : t.path) {
        if (when < differs_at - kAround || when > settled_at + kAround) continue;
        const cv::Rect2d place(blob.box.x, blob.box.y, blob.box.width, blob.box.height);
        const double part = (box & place).area() / place.area();
        if (part > kReachedIn && visitor != &t && !set_off_from(t, blob, step.picture.size())) visitor = &t;
        if (part > nearest) {
          nearest = part;
          near = &t;
        }
      }
    }
    double clarity = 0;
    const Outline outline = outline_of(step, mask, clarity);
    const bool followed = owner != nullptr && (owner->confirmed || owner->hits >= 3);
    const double own = followed ? blob.area / std::max(1.0, owner->typical_area) : 0;

    // Did something go on moving next to it after it came to rest?
    cv::Mat beside(mask.size(), CV_8U, cv::Scalar(0));
    const cv::Rect around = clipped(blob.box, std::max(blob.box.width, blob.box.height) / 2 + 8, mask.size());
    beside(around).setTo(255);
    cv::Mat wide;
    cv::dilate(mask, wide, square_element(7));
    beside.setTo(0, wide);
    const bool somebody_left = stillness.moved_since(beside, settled_at + 100 * kMillisecond) > kMoverShare * std::min(blob.area, 1500.0);

    Place place;
    StaticChange change;
    change.carrier = followed ? owner->key : near != nullptr ? near->key : 0;
    change.box = blob.box;
    const Track* mover = followed ? owner : near;
    if (mover != nullptr && visitor != nullptr && set_off_from(*mover, blob, mask.size())) {
      mover = visitor;  // a hand and what it takes may part for the eye
      change.carrier = visitor->key;
    }
    const bool light =
        blob.area < least_area || place_at(mask, blob.area, false) != nullptr || (clarity < kFaint && like_light(step, mask) > kLight);
    if (outline == Outline::kWeaker && mover != nullptr && set_off_from(*mover, blob, mask.size())) {
      // It had stood there since before the background was learned, and went by itself: nothing was taken away.
      if (owner != nullptr) let_go(*owner, blob.label, step.at);
      take_over(step, mask, blob.box, {}, background, stillness);
      continue;
    }
    if (outline == Outline::kWeaker && mover != nullptr && !light) {
      Place* known = place_at(mask, blob.area, true);
      change.kind = StaticChange::Kind::kRemoved;
      change.at = differs_at;
      place.thing = change.thing = known != nullptr && known->present ? known->thing : ++things_;
      place.present = false;
    } else if (outline == Outline::kStronger && followed && (own >= kSurelyOwnSize || (own >= kOwnSize && !somebody_left))) {
      // The thing itself stands here.
      if (!owner->confirmed || owner->quiet < 5 || step.at - stillness.last_change(mask, 0.8) < kParks) continue;
      owner->parked = owner->standing = true;
      owner->seen = step.at;
      place.parked = owner->key;
      place.present = true;
      take_over(step, mask, blob.box, std::move(place), background, stillness);
      continue;
    } else if (outline == Outline::kStronger && mover != nullptr && !light) {
      Place* known = place_at(mask, blob.area, true);
      const bool back = known != nullptr && !known->present;
      change.kind = back ? StaticChange::Kind::kPutBack : StaticChange::Kind::kPlaced;
      change.at = stillness.last_change(mask, 0.4);
      place.thing = change.thing = back ? known->thing : ++things_;
      place.present = true;
    } else {
      // Light, or something that nobody was seen to bring: the background learns it in time.
      if (step.at - settled_at >= kPatience) take_over(step, mask, blob.box, {}, background, stillness);
      continue;
    }
    change.confidence = std::clamp(0.5 + 0.6 * clarity + (blob.area > 600 ? 0.1 : 0), 0.5, 0.95);
    // Of a thing that is gone, the background still has the colours.
    cv::Mat core;
    cv::erode(mask, core, square_element(3));
    ColourVotes votes;
    votes.add(change.kind == StaticChange::Kind::kRemoved ? background.reference() : step.tones.invert(step.picture), core);
    change.colour = votes.verdict();
    if (owner != nullptr) let_go(*owner, blob.label, step.at);
    take_over(step, mask, blob.box, std::move(place), background, stillness);
    changes.push_back(change);
  }
  return changes;
}

}  // namespace reelgraph::captioner::signals
