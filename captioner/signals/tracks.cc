#include "captioner/signals/tracks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "captioner/signals/assignment.h"

namespace reelgraph::captioner::signals {
namespace {

using base::Duration;
using base::kMillisecond;
using base::kSecond;

constexpr int kLeastHits = 5;
constexpr Duration kLostAfter = kSecond;
constexpr Duration kHiddenLostAfter = 3 * kSecond;
constexpr double kMovingShare = 0.04;  // of a blob that changed: it moves
constexpr double kMovingPixels = 8;
constexpr double kBirthShare = 0.12;   // of a blob that changed, for it to be a new thing
constexpr int kStandsAfter = 10;       // quiet steps
constexpr double kLeastReach = 0.03;   // of the picture's width
constexpr double kReachBySize = 0.35;  // of its own size
constexpr std::size_t kLongestPath = 512;
constexpr Duration kRemembered = 5 * kSecond;
constexpr double kMostGrowth = 2.2;  // of the largest piece's box by one that joins
constexpr double kMostCost = 2.2;

double diagonal(const cv::Rect2d& r) { return std::hypot(r.width, r.height); }
cv::Point2d middle(const cv::Rect2d& r) { return {r.x + r.width / 2, r.y + r.height / 2}; }
double distance(cv::Point2d a, cv::Point2d b) { return std::hypot(a.x - b.x, a.y - b.y); }
cv::Rect2d grown(const cv::Rect2d& r, double by) { return {r.x - by, r.y - by, r.width + 2 * by, r.height + 2 * by}; }
cv::Rect2d real(const cv::Rect& r) {
  return {static_cast<double>(r.x), static_cast<double>(r.y), static_cast<double>(r.width), static_cast<double>(r.height)};
}

/// Farthest that one side of the box has moved from another box of the path: things that come in at an edge grow before they go.
double way_between(const cv::Rect2d& a, const cv::Rect2d& b) {
  const double x = std::max(std::abs(a.x - b.x), std::abs(a.x + a.width - b.x - b.width));
  const double y = std::max(std::abs(a.y - b.y), std::abs(a.y + a.height - b.y - b.height));
  return std::hypot(x, y);
}

cv::Rect2d predicted(const Track& t, double seconds) {
  return {t.box.x + t.velocity.x * seconds, t.box.y + t.velocity.y * seconds, t.box.width, t.box.height};
}

}  // namespace

void Tracker::match(base::Timestamp at, const Foreground& found) {
  owner_.assign(found.blobs.size(), -1);
  std::vector<cv::Rect2d> expected;
  for (const Track& t : tracks_) expected.push_back(predicted(t, std::min(1.0, base::to_seconds(at - t.met))));
  std::vector<std::vector<double>> cost(tracks_.size(), std::vector<double>(found.blobs.size(), kForbidden));
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    const Track& t = tracks_[i];
    if (t.parked || t.ended) continue;
    for (std::size_t j = 0; j < found.blobs.size(); ++j) {
      const cv::Rect2d blob = real(found.blobs[j].box);
      const double size = 0.5 * (diagonal(expected[i]) + diagonal(blob));
      const double apart = std::min(distance(middle(expected[i]), middle(blob)), distance(t.centre(), middle(blob)) + 0.1 * size) / size;
      const double common = (expected[i] & blob).area();
      const double overlap = common / (expected[i].area() + blob.area() - common);
      const double inside = common / std::max(1.0, std::min(expected[i].area(), blob.area()));
      const double ratio = std::abs(std::log(std::max(1.0, found.blobs[j].area) / std::max(1.0, t.typical_area)));
      if (apart > 1 && inside < 0.3) continue;
      const double total = apart + (1 - overlap) + 0.25 * ratio + (t.confirmed ? 0 : 0.1);
      if (total < kMostCost) cost[i][j] = total;
    }
  }
  const std::vector<int> chosen = assign(cost);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i] >= 0) owner_[static_cast<std::size_t>(chosen[i])] = static_cast<int>(i);
  }
  // Pieces of a thing that fell apart: what lies mostly where a track is expected belongs to it.
  for (std::size_t j = 0; j < found.blobs.size(); ++j) {
    if (owner_[j] >= 0) continue;
    const cv::Rect2d blob = real(found.blobs[j].box);
    double best = 0.5;
    for (std::size_t i = 0; i < tracks_.size(); ++i) {
      if (chosen[i] < 0) continue;
      const cv::Rect2d now = expected[i] | real(found.blobs[static_cast<std::size_t>(chosen[i])].box);
      const double margin = 4 + 0.08 * diagonal(expected[i]);
      const double part = (grown(expected[i], margin) & blob).area() / std::max(1.0, blob.area());
      const double near = (grown(now, margin) & blob).area() / std::max(1.0, blob.area());
      const double size = found.blobs[j].area / std::max(1.0, tracks_[i].typical_area);
      const cv::Rect2d main = real(found.blobs[static_cast<std::size_t>(chosen[i])].box);
      if ((main | blob).area() > kMostGrowth * main.area()) continue;
      // A small piece next to it may lie outside of where it was expected.
      const double belongs = std::max(part, size < 0.35 ? near : 0);
      if (belongs > best) {
        best = belongs;
        owner_[j] = static_cast<int>(i);
      }
    }
  }
}

void Tracker::take_blobs(Track& t, base::Timestamp at, const Foreground& found) {
  cv::Rect box;
  double area = 0, active = 0, contrast = 0;
  for (const int label : t.labels) {
    const Blob& blob = found.blobs[static_cast<std::size_t>(label - 1)];
    box = box.area() == 0 ? blob.box : (box | blob.box);
    area += blob.area;
    active += blob.active * blob.area;
    contrast += blob.contrast * blob.area;
  }
  contrast /= std::max(1.0, area);
  const cv::Rect2d now = real(box);
  const double seconds = std::max(0.02, base::to_seconds(at - t.met));
  const bool swollen = t.merged && area > 1.4 * t.typical_area;
  if (swollen) {
    // The blob is two things: this one goes on as it went, within the blob.
    cv::Rect2d guess = predicted(t, seconds);
    guess.x = std::clamp(guess.x, now.x, std::max(now.x, now.x + now.width - guess.width));
    guess.y = std::clamp(guess.y, now.y, std::max(now.y, now.y + now.height - guess.height));
    t.box = guess;
    t.velocity *= 0.9;
  } else {
    const cv::Point2d step = (middle(now) - t.centre()) * (1 / seconds);
    t.velocity = t.hits < 2 ? step : t.velocity * 0.5 + step * 0.5;
    t.box = now;
  }
  t.met = at;
  t.host = 0;
  if (active < std::max(kMovingPixels, kMovingShare * area)) {
    ++t.quiet;
    if (t.confirmed && t.quiet >= kStandsAfter) t.standing = true;
    if (t.standing) t.seen = at;
    return;
  }
  t.quiet = 0;
  t.standing = false;
  t.seen = t.moved = at;
  ++t.hits;
  t.contrast += (contrast - t.contrast) / t.hits;
  if (!swollen) {
    t.typical_area = t.hits == 1 ? area : t.typical_area + 0.2 * (area - t.typical_area);
    t.largest_area = std::max(t.largest_area, area);
  }
  for (const auto& [when, place] : t.path) t.reach = std::max(t.reach, way_between(place, t.box));
  t.path.emplace_back(at, t.box);
  if (t.path.size() > kLongestPath) {
    std::deque<std::pair<base::Timestamp, cv::Rect2d>> kept;
    for (std::size_t i = 0; i < t.path.size(); i += 2) kept.push_back(t.path[i]);
    t.path = std::move(kept);
  }
  const double needed = std::max(kLeastReach * options_.picture.width, kReachBySize * std::sqrt(t.largest_area));
  if (!t.confirmed && t.hits >= kLeastHits && t.largest_area >= options_.confirm_area && t.reach >= needed) t.confirmed = true;
}

void Tracker::miss(Track& t, base::Timestamp at, const Foreground& found) {
  if (t.ended) return;
  if (t.parked) {
    t.seen = t.met = at;
    return;
  }
  t.host = 0;
  const cv::Rect2d guess = predicted(t, std::min(0.6, base::to_seconds(at - t.met)));
  for (std::size_t j = 0; j < found.blobs.size(); ++j) {
    if (owner_[j] < 0) continue;
    const cv::Rect2d blob = real(found.blobs[j].box);
    if ((guess & blob).area() < 0.5 * guess.area()) continue;
    Track& host = tracks_[static_cast<std::size_t>(owner_[j])];
    if (host.key == t.key) continue;
    t.host = host.key;
    host.merged = true;
    break;
  }
  const Duration patience = t.host != 0 && t.confirmed ? kHiddenLostAfter : t.confirmed ? kLostAfter : kLostAfter / 2;
  if (at - t.met <= patience) return;
  t.ended = true;
  t.ended_at = at;
}

void Tracker::step(base::Timestamp at, const Foreground& found, bool first_of_shot) {
  std::erase_if(tracks_, [&](const Track& t) { return t.ended && (!t.confirmed || at - t.ended_at > kRemembered); });
  for (Track& t : tracks_) {
    t.labels.clear();
    t.merged = false;
  }
  match(at, found);
  for (std::size_t j = 0; j < owner_.size(); ++j) {
    if (owner_[j] >= 0) tracks_[static_cast<std::size_t>(owner_[j])].labels.push_back(found.blobs[j].label);
  }
  for (Track& t : tracks_) {
    if (t.labels.empty()) miss(t, at, found);
  }
  for (Track& t : tracks_) {
    if (!t.labels.empty()) take_blobs(t, at, found);
  }
  auto live = static_cast<std::size_t>(std::count_if(tracks_.begin(), tracks_.end(), [](const Track& t) { return !t.ended; }));
  for (std::size_t j = 0; j < found.blobs.size() && live < kMostTracks && tracks_.size() < 2 * kMostTracks; ++j) {
    const Blob& blob = found.blobs[j];
    if (owner_[j] >= 0 || blob.area < options_.birth_area || (blob.active < kBirthShare && !first_of_shot)) continue;
    Track t;
    t.key = next_key_++;
    t.born = t.seen = t.met = t.moved = at;
    t.from_start = first_of_shot;
    t.box = real(blob.box);
    t.typical_area = t.largest_area = blob.area;
    t.contrast = blob.contrast;
    t.hits = 1;
    t.labels = {blob.label};
    t.path.emplace_back(at, t.box);
    tracks_.push_back(std::move(t));
    ++live;
  }
}

cv::Mat Tracker::followed(const Foreground& found) const {
  cv::Mat mask(found.labels.size(), CV_8U, cv::Scalar(0));
  std::vector<unsigned char> of_track(found.blobs.size() + 1, 0);
  for (const Track& t : tracks_) {
    for (const int label : t.labels) of_track[static_cast<std::size_t>(label)] = t.confirmed || t.hits >= 3 ? 255 : 0;
  }
  for (int y = 0; y < mask.rows; ++y) {
    const auto* l = found.labels.ptr<int>(y);
    auto* f = mask.ptr<unsigned char>(y);
    for (int x = 0; x < mask.cols; ++x) f[x] = of_track[static_cast<std::size_t>(l[x])];
  }
  return mask;
}

cv::Mat core_of(const Track& track, const Foreground& found, cv::Rect& box) {
  const cv::Rect2d& b = track.box;
  box = cv::Rect(cvFloor(b.x), cvFloor(b.y), cvCeil(b.width), cvCeil(b.height)) & cv::Rect({0, 0}, found.labels.size());
  cv::Mat part(box.size(), CV_8U, cv::Scalar(0));
  for (const int label : track.labels) part |= found.labels(box) == label;
  cv::erode(part, part, cv::getStructuringElement(cv::MORPH_RECT, {5, 5}), {-1, -1}, 1, cv::BORDER_CONSTANT, cv::Scalar(255));
  return part;
}

double confidence_of(const Track& track, double confirm_area) {
  const double persistence = std::min(1.0, track.hits / 15.0);
  const double extent = std::min(1.0, track.largest_area / (4 * confirm_area));
  const double strength = std::min(1.0, track.contrast / 80);
  return std::round(100 * (0.4 + 0.2 * persistence + 0.2 * extent + 0.15 * strength)) / 100;
}

base::Box box_of(const cv::Rect2d& r, cv::Size picture) {
  const auto share = [](double part, double whole) { return std::round(std::clamp(part / whole, 0.0, 1.0) * 1000) / 1000; };
  return {share(r.x, picture.width), share(r.y, picture.height), share(r.x + r.width, picture.width),
          share(r.y + r.height, picture.height)};
}

std::string direction_of(const Track& track, cv::Size picture) {
  if (track.path.size() < 3) return {};
  // The mean of a few boxes at either end, so that one bad box does not turn it.
  const auto ends = std::min<std::size_t>(3, track.path.size() / 2);
  cv::Point2d from, to;
  for (std::size_t i = 0; i < ends; ++i) {
    from += middle(track.path[i].second);
    to += middle(track.path[track.path.size() - 1 - i].second);
  }
  const cv::Point2d way = (to - from) * (1.0 / static_cast<double>(ends));
  if (std::hypot(way.x, way.y) < 0.1 * std::hypot(picture.width, picture.height)) return {};
  constexpr std::array<const char*, 8> kNames{"right", "down-right", "down", "down-left", "left", "up-left", "up", "up-right"};
  const double turns = std::atan2(way.y, way.x) / (2 * CV_PI);  // of a full circle, clockwise on the screen
  return kNames[static_cast<std::size_t>(std::lround(turns * 8) + 8) % 8];
}

}  // namespace reelgraph::captioner::signals
